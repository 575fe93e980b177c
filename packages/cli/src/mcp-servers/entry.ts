/** @module One server of an `mcpServers` file, checked and with its places filled in. */
import { didYouMean } from '../nearest.ts';
import { expand, type Variables } from './variables.ts';

/** One server of a file, ready to be used. */
export interface ConfiguredUpstream {
  readonly name: string;
  readonly transport: 'streamable-http' | 'sse' | 'websocket' | 'stdio';
  readonly url?: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly enabled: boolean;
}

/** An entry that cannot be used; the message is for the author of the file. */
export class EntryError extends Error {
  override readonly name = 'EntryError';
}

type Reader<T> = (value: unknown) => T | undefined;

const text: Reader<string> = (value) => (typeof value === 'string' ? value : undefined);
const word: Reader<string> = (value) => (value === '' ? undefined : text(value));
const flag: Reader<boolean> = (value) => (typeof value === 'boolean' ? value : undefined);
const scalar: Reader<string> = (value) =>
  ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : undefined;

/** What is read, how, and what it is called in messages. */
const KEYS = {
  type: [text, 'a text'],
  command: [word, 'a text that is not empty'],
  args: [list, 'an array of texts'],
  env: [record(scalar), 'an object of texts'],
  cwd: [text, 'a text'],
  url: [text, 'a text'],
  serverUrl: [text, 'a text'],
  httpUrl: [text, 'a text'],
  headers: [record(text), 'an object of texts'],
  disabled: [flag, 'true or false'],
  enabled: [flag, 'true or false'],
} as const satisfies Record<string, readonly [Reader<unknown>, string]>;

type Key = keyof typeof KEYS;
type Entry = { readonly [K in Key]?: ReturnType<(typeof KEYS)[K][0]> };

/** Whether `value` is an object, and no array. */
export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @throws EntryError, VariableError */
export function readEntry(name: string, value: unknown, variables: Variables): ConfiguredUpstream {
  const entry = checkEntry(value);
  const { command, args = [], env = {}, headers = {} } = entry;
  const fill = (text: string): string => expand(text, variables);
  const url = entry.url ?? entry.serverUrl ?? entry.httpUrl;
  const enabled = entry.enabled !== false && entry.disabled !== true;
  if (url !== undefined && command !== undefined) throw new EntryError('it has both a command and a url');
  if (url !== undefined)
    return {
      name,
      enabled,
      ...addressOf(fill(url), entry.type?.toLowerCase()),
      headers: Object.entries(headers).map(([header, text]) => ({ name: header, value: fill(text) })),
    };
  if (command === undefined) throw new EntryError('it has neither a command nor a url');
  return {
    name,
    enabled,
    transport: 'stdio',
    command: fill(command),
    args: args.map(fill),
    env: Object.fromEntries(Object.entries(env).map(([key, text]) => [key, fill(text)])),
    ...(entry.cwd === undefined ? {} : { cwd: fill(entry.cwd) }),
    headers: [],
  };
}

/** Clients add keys of their own, which mean nothing here; one that looks like a slip of ours is an error. */
function checkEntry(value: unknown): Entry {
  if (!isObject(value)) throw new EntryError('its value must be an object');
  const entry: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(value)) {
    const known = Object.hasOwn(KEYS, key) ? KEYS[key as Key] : undefined;
    if (known === undefined) {
      const hint = didYouMean(key, Object.keys(KEYS));
      if (hint !== '') throw new EntryError(`there is no key "${key}".${hint}`);
      continue;
    }
    entry[key] = known[0](given);
    if (entry[key] === undefined) throw new EntryError(`${key} must be ${known[1]}`);
  }
  return entry;
}

function list(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined;
}

function record(read: Reader<string>): Reader<Readonly<Record<string, string>>> {
  return (value) => {
    if (!isObject(value)) return undefined;
    const entries = Object.entries(value).map(([key, item]) => [key, read(item)] as const);
    const complete = entries.every((entry): entry is [string, string] => entry[1] !== undefined);
    return complete ? Object.fromEntries(entries) : undefined;
  };
}

/** The scheme decides about WebSocket; a `type` that says otherwise is an error. */
function addressOf(text: string, type: string | undefined): Pick<ConfiguredUpstream, 'transport' | 'url'> {
  const url = /^(?:https?|wss?):\/\//i.test(text) && URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined) throw new EntryError('its url is not an http, https, ws or wss URL');
  const isSocket = url.protocol.startsWith('ws');
  const saysSocket = type === 'ws' || type === 'websocket';
  if (isSocket !== saysSocket && type !== undefined)
    throw new EntryError(`its type is "${type}", but its url begins with ${url.protocol}//`);
  return { transport: isSocket ? 'websocket' : type === 'sse' ? 'sse' : 'streamable-http', url: url.href };
}
