/** @module The bounds of what can be registered, in one place; the REST contract states the same ones. */

/** Bounds; lengths in UTF-16 code units. */
export const LIMITS = {
  nameLength: 255,
  descriptionLength: 8192,
  tags: 64,
  tagLength: 64,
  urlLength: 2048,
  headers: 100,
  headerNameLength: 256,
  headerValueLength: 16_384,
  configLength: 16_777_216,
  secrets: 64,
  secretLength: 65_536,
  args: 256,
  argLength: 8192,
  env: 256,
  templateLength: 65_536,
  contentLength: 4_194_304,
  promptArguments: 64,
  associations: 5000,
  timeoutMs: 3_600_000,
} as const;
