/**
 * @module Reads the `mcpServers` files of desktop clients and editors as they are: Claude Desktop, Claude Code, Cursor,
 * Windsurf, Gemini CLI (`mcpServers`) and VS Code (`servers`).
 */
import { didYouMean } from '@forge/cli';
import { z } from 'zod';
import { type Jsonc, JsoncError, parseJsonc, type Position } from './jsonc.ts';
import { expand, VariableError, type Variables } from './variables.ts';

/** One server of a file, ready to be registered. */
export interface ConfiguredUpstream {
  readonly name: string;
  readonly transport: 'streamable-http' | 'sse' | 'stdio';
  readonly url?: string;
  readonly command?: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly headers: readonly { readonly name: string; readonly value: string }[];
  readonly enabled: boolean;
}

/** What a file holds. One bad server is a problem and leaves the others as they are. */
export interface McpServersFile {
  readonly upstreams: readonly ConfiguredUpstream[];
  /** `FILE:LINE:COLUMN: server "NAME": ...`, one line each. */
  readonly problems: readonly string[];
}

/** Only what the gateway needs; clients add keys of their own. */
const entrySchema = z.looseObject({
  type: z.string().optional(),
  command: z.string().min(1).optional(),
  args: z.array(z.string()).default([]),
  env: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()]).transform(String)).default({}),
  cwd: z.string().optional(),
  url: z.string().optional(),
  serverUrl: z.string().optional(),
  httpUrl: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  disabled: z.boolean().default(false),
  enabled: z.boolean().default(true),
});
type Entry = z.output<typeof entrySchema>;

class EntryError extends Error {}

/** Reads the text of the file called `name`. Never throws: what cannot be used is a problem. */
export function readMcpServers(name: string, text: string, variables: Variables): McpServersFile {
  const upstreams: ConfiguredUpstream[] = [];
  const problems: string[] = [];
  const report = (position: Position | undefined, message: string) =>
    problems.push(`${name}:${position === undefined ? '' : `${position.line}:${position.column}:`} ${message}`);
  let file: Jsonc;
  try {
    file = parseJsonc(text);
  } catch (error) {
    if (!(error instanceof JsoncError)) throw error;
    report(error.position, error.message);
    return { upstreams, problems };
  }
  const servers = serversOf(file.value);
  if (servers === undefined)
    report({ line: 1, column: 1 }, 'there is no "mcpServers" (or, in VS Code, "servers") object');
  for (const [key, value] of Object.entries(servers ?? {})) {
    try {
      upstreams.push(toUpstream(key, value, variables));
    } catch (error) {
      if (!(error instanceof EntryError || error instanceof VariableError)) throw error;
      report(file.positionOf(value) ?? file.positionOf(servers), `server "${key}": ${error.message}`);
    }
  }
  return { upstreams, problems };
}

function serversOf(root: unknown): Record<string, unknown> | undefined {
  const isObject = (value: unknown): value is Record<string, unknown> =>
    typeof value === 'object' && value !== null && !Array.isArray(value);
  if (!isObject(root)) return undefined;
  const nested = isObject(root['mcp']) ? root['mcp']['servers'] : undefined;
  return [root['mcpServers'], root['servers'], nested].find(isObject);
}

function toUpstream(name: string, value: unknown, variables: Variables): ConfiguredUpstream {
  const parsed = entrySchema.safeParse(value);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new EntryError(`${issue?.path.join('.') || 'its value'}: ${issue?.message}`);
  }
  const entry = parsed.data;
  const fill = (text: string) => expand(text, variables);
  const url = entry.url ?? entry.serverUrl ?? entry.httpUrl;
  const enabled = entry.enabled && !entry.disabled;
  if (url !== undefined && entry.command !== undefined) throw new EntryError('it has both a command and a url');
  if (url !== undefined)
    return {
      name,
      enabled,
      transport: entry.type?.toLowerCase() === 'sse' ? 'sse' : 'streamable-http',
      url: httpUrl(fill(url)),
      headers: Object.entries(entry.headers).map(([header, text]) => ({ name: header, value: fill(text) })),
    };
  if (entry.command === undefined) throw new EntryError(neither(entry));
  return {
    name,
    enabled,
    transport: 'stdio',
    command: fill(entry.command),
    args: entry.args.map(fill),
    env: Object.fromEntries(Object.entries(entry.env).map(([key, text]) => [key, fill(text)])),
    ...(entry.cwd === undefined ? {} : { cwd: fill(entry.cwd) }),
    headers: [],
  };
}

function httpUrl(text: string): string {
  if (/^https?:\/\//i.test(text) && URL.canParse(text)) return new URL(text).href;
  throw new EntryError('its url is not an http or https URL');
}

function neither(entry: Entry): string {
  const hints = Object.keys(entry).map((key) => didYouMean(key, ['command', 'url', 'serverUrl', 'httpUrl']));
  const shape: Record<string, unknown> = entrySchema.shape;
  const misspelt = Object.keys(entry).findIndex((key) => !Object.hasOwn(shape, key));
  return `it has neither a command nor a url.${(misspelt >= 0 && hints.find((hint) => hint !== '')) || ''}`;
}
