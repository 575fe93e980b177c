/** @module Headers as people give them: `Name: value` with `${VARIABLES}`, one by one or in a file. */
import { UsageError } from '@forge/cli';

/** The environment's variables. */
export type Env = Readonly<Record<string, string | undefined>>;

/** What the transport sets itself, or what would change how a message is framed or a proxy asked. */
const RESERVED = new Set([
  'accept',
  'connection',
  'content-length',
  'content-type',
  'host',
  'keep-alive',
  'last-event-id',
  'mcp-method',
  'mcp-name',
  'mcp-protocol-version',
  'mcp-session-id',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * One header. `source` names it in errors, which never show a value.
 *
 * @throws UsageError
 */
export function headerFrom(line: string, source: string, env: Env): Record<string, string> {
  const [, name = '', text = ''] = /^\s*([!#$%&'*+\-.^_`|~0-9A-Za-z]+)\s*:(.*)$/s.exec(line) ?? [];
  if (name === '') throw new UsageError(`${source} must have the form "Name: value".`);
  if (RESERVED.has(name.toLowerCase())) throw new UsageError(`${source}: ${name} is set by the protocol.`);
  const value = expandEnv(text.trim(), source, env);
  if (!/^[\t\x20-\x7e\x80-\xff]*$/.test(value))
    throw new UsageError(`${source}: the value of ${name} cannot stand in a header.`);
  return { [name.toLowerCase()]: value };
}

/** The headers of a file, one a line; empty lines and those that begin with `#` do not count. @throws UsageError */
export function headersFrom(file: string, env: Env): Record<string, string> {
  const lines = file.split(/\r?\n/).map((line, index) => [line, `--header-file, line ${index + 1}`] as const);
  const headers = lines.filter(([line]) => !/^\s*(?:#|$)/.test(line));
  return Object.assign({}, ...headers.map(([line, source]) => headerFrom(line, source, env))) as Record<string, string>;
}

/** Puts in what `${NAME}` stands for. @throws UsageError naming a variable that is not set */
export function expandEnv(text: string, source: string, env: Env): string {
  return text.replaceAll(/\$\{([A-Za-z_]\w*)\}/g, (_, name: string) => {
    const value = env[name];
    if (value === undefined) throw new UsageError(`${source} names the variable ${name}, which is not set.`);
    return value;
  });
}
