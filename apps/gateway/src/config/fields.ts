/** @module The kinds of settings: each reads the text of an environment variable and says what would be valid. */
import { isNetwork } from '@forge/core';
import { MODERN_VERSIONS, SUPPORTED_VERSIONS } from '@forge/protocol';
import { z } from 'zod';
import { Secret } from './secret.ts';

/** A whole number. */
export function integer(least: number, greatest: number) {
  const error = `must be a whole number from ${least} to ${greatest}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(greatest, { error });
}

/** `true` or `false`; also 1, yes, on and 0, no, off. */
export function flag() {
  return z.stringbool({
    truthy: ['true', '1', 'yes', 'on'],
    falsy: ['false', '0', 'no', 'off'],
    error: 'must be true or false',
  });
}

/** One of some words, in whatever case. */
export function choice<const T extends readonly [string, ...string[]]>(values: T) {
  const error = `must be one of ${values.join(', ')}`;
  return z.preprocess(
    (value) =>
      typeof value === 'string' ? (values.find((it) => it.toLowerCase() === value.toLowerCase()) ?? value) : value,
    z.enum(values, { error }),
  );
}

/** A text that is never printed. */
export function secret() {
  return z.string().transform((text) => new Secret(text));
}

/** Origins, as a JSON array or separated by commas: `https://a.example,https://b.example`, or `*` for all. */
export function origins() {
  return list((text) => text === '*' || (URL.canParse(text) && new URL(text).origin === text), {
    error: 'must be origins such as https://app.example.com, separated by commas, or *',
  });
}

/** Names of transports that clients may use, by what they may be called. */
const TRANSPORTS: ReadonlyMap<string, McpTransport> = new Map([
  ['streamablehttp', 'streamablehttp'],
  ['http', 'streamablehttp'],
  ['sse', 'sse'],
  ['ws', 'ws'],
  ['websocket', 'ws'],
]);

/** How clients reach the MCP endpoints. */
export type McpTransport = 'streamablehttp' | 'sse' | 'ws';

/** `all`, or names of transports separated by commas; each once, in a fixed order. */
export function transports() {
  const error = `must be all, or some of ${[...TRANSPORTS.keys()].join(', ')} separated by commas`;
  return z.string().transform((text, context): readonly McpTransport[] => {
    const names = (words(text) ?? []).map((word) => word.toLowerCase().replaceAll(/[-_]/g, ''));
    const found = new Set(names.flatMap((name) => (name === 'all' ? [...TRANSPORTS.values()] : TRANSPORTS.get(name))));
    if (found.size > 0 && !found.has(undefined))
      return [...new Set(TRANSPORTS.values())].filter((transport) => found.has(transport));
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

/** Host names with or without a port, as a JSON array or separated by commas. */
export function hosts() {
  return list((text) => /^[\w.-]+(:\d+)?$/.test(text), {
    error: 'must be names such as gateway.example.com, separated by commas',
  });
}

/**
 * Revisions of MCP in order of preference, as a JSON array or separated by commas. A single one outside of brackets is
 * only the first choice for `initialize`: ContextForge has it in every .env, and it must turn nobody away.
 */
export function revisions() {
  return z.string().transform((text, context) => {
    const named = words(text) ?? [];
    if (named.length === 0 || !named.every((word) => SUPPORTED_VERSIONS.includes(word))) {
      const message = `must be one or several, separated by commas, of ${SUPPORTED_VERSIONS.join(', ')}`;
      context.addIssue({ code: 'custom', message });
      return z.NEVER;
    }
    const isPreference = named.length === 1 && !text.trim().startsWith('[');
    return [...new Set(isPreference ? [...MODERN_VERSIONS, ...named, ...SUPPORTED_VERSIONS] : named)];
  });
}

/** Networks, as a JSON array or separated by commas: `10.0.0.0/8,fd00::/8`. */
export function networks() {
  return list(isNetwork, { error: 'must be networks such as 10.0.0.0/8, separated by commas' });
}

function list(valid: (word: string) => boolean, { error }: { error: string }) {
  return z.string().transform((text, context) => {
    const found = words(text);
    if (found?.every(valid) === true) return found;
    context.addIssue({ code: 'custom', message: error });
    return z.NEVER;
  });
}

function words(text: string): readonly string[] | undefined {
  const trimmed = text.trim();
  if (!trimmed.startsWith('['))
    return trimmed
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== '');
  try {
    const parsed = JSON.parse(trimmed) as unknown[];
    return parsed.every((word) => typeof word === 'string') ? parsed : undefined;
  } catch {
    return undefined; // not JSON: the caller says what would be valid
  }
}
