/** @module How to launch the stdio server that tests call. */
import { fileURLToPath } from 'node:url';

const script = import.meta.url.endsWith('.ts') ? 'stdio-server.ts' : 'stdio-server.js';

/**
 * A legacy server named `fixture` with the tools `echo` (`text`), `sleep` (`ms`; writes `sleeping` to stderr), `crash` (code
 * 3, last words `the disk is on fire`), `env` (`name`) and `pid`.
 */
export const STDIO_SERVER = {
  command: process.execPath,
  args: [fileURLToPath(new URL(script, import.meta.url))],
} as const;
