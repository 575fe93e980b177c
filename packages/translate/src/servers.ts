/** @module Which servers a command line names: one after a flag or after `--`, or those of a configuration file. */
import { readFileSync } from 'node:fs';
import { type ConfiguredUpstream, readMcpServers, UsageError, variablesFor } from '@forge/cli';
import type { Values } from './options.ts';
import { definedOnly } from './served.ts';
import type { ChildSpec, RemoteSpec, ServerSpec } from './server-spec.ts';
import { CommandLineError, splitCommand } from './split-command.ts';

/** Ours alone; a child has no use for it. */
const OWN_VARIABLE = 'FORGE_API_KEY';

const GRPC_FLAGS = ['grpc-proto', 'grpc-descriptors', 'grpc-tls', 'grpc-cert', 'grpc-key', 'grpc-metadata'] as const;

/** What was named. */
export interface NamedServers {
  readonly servers: readonly ServerSpec[];
  /** What of a file cannot be used, one sentence each. */
  readonly problems: readonly string[];
}

/**
 * @param rest what followed `--`
 * @param fill replaces `${ENV}`
 * @throws UsageError
 */
export function serversOf(
  values: Values,
  rest: readonly string[],
  environment: NodeJS.ProcessEnv,
  fill: (text: string) => string,
): NamedServers {
  const { stdio, config, grpc } = values;
  const sse = values['connect-sse'];
  const streamableHttp = values['connect-streamable-http'];
  const ws = values['connect-ws'];
  const url = sse ?? streamableHttp ?? ws;
  const given = [stdio, sse, streamableHttp, ws, grpc, config, rest.length > 0 ? rest : undefined];
  const ways = given.filter((way) => way !== undefined).length;
  if (ways === 0) throw new UsageError('Which server? Give it as --stdio "COMMAND ARGS", or several by --config FILE.');
  if (ways > 1)
    throw new UsageError('Give the server once, not both ways: --stdio, --connect-..., --grpc, --config, or after --.');
  if (grpc !== undefined) return { servers: [grpcSpec(grpc, values, fill)], problems: [] };
  if (GRPC_FLAGS.some((flag) => values[flag] !== undefined))
    throw new UsageError(`${GRPC_FLAGS.map((flag) => `--${flag}`).join(', ')} go with --grpc.`);
  if (url === undefined && (values.header !== undefined || values.oauth2Bearer !== undefined))
    throw new UsageError(
      '--header and --oauth2Bearer are for servers elsewhere; a stdio server gets its credentials from its environment (--env, --header-to-env).',
    );
  if (url !== undefined) {
    const transport = sse !== undefined ? 'sse' : ws !== undefined ? 'websocket' : 'streamable-http';
    return { servers: [{ url: remoteUrl(url, transport), transport, headers: headersOf(values, fill) }], problems: [] };
  }
  const { cwd } = values;
  const { [OWN_VARIABLE]: _, ...inherited } = definedOnly(environment);
  const env = { ...inherited, ...assignments(values.env ?? [], fill) };
  if (config === undefined) return { servers: [{ ...programOf(stdio, rest), cwd, env }], problems: [] };
  const { upstreams, problems } = readFile(config, environment);
  const enabled = upstreams.filter((upstream) => upstream.enabled);
  return { servers: enabled.map((upstream) => specOf(upstream, env, cwd)), problems };
}

function programOf(stdio: string | undefined, rest: readonly string[]): Pick<ChildSpec, 'command' | 'args'> {
  const [program, ...args] = stdio === undefined ? rest : words(stdio);
  if (program === undefined || program === '') throw new UsageError('Which server? Give it as --stdio "COMMAND ARGS".');
  return { command: program, args };
}

function words(stdio: string): string[] {
  try {
    return splitCommand(stdio);
  } catch (error) {
    throw error instanceof CommandLineError ? new UsageError(`--stdio: ${error.message}`) : error;
  }
}

function readFile(path: string, environment: NodeJS.ProcessEnv): ReturnType<typeof readMcpServers> {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`--config: ${path} cannot be read: ${(error as Error).message}`);
  }
  return readMcpServers(
    path,
    text,
    variablesFor(path, (name) => environment[name]),
  );
}

function specOf(upstream: ConfiguredUpstream, env: Readonly<Record<string, string>>, cwd?: string): ServerSpec {
  const { name, transport, url, command = '', args, headers } = upstream;
  if (url === undefined) return { name, command, args, env: { ...env, ...upstream.env }, cwd: upstream.cwd ?? cwd };
  const sent = Object.fromEntries(headers.map((header) => [header.name.toLowerCase(), header.value]));
  return { name, url, transport: transport === 'sse' || transport === 'websocket' ? transport : 'auto', headers: sent };
}

function remoteUrl(text: string, transport: RemoteSpec['transport']): string {
  const scheme = transport === 'websocket' ? /^wss?:\/\//i : /^https?:\/\//i;
  if (scheme.test(text) && URL.canParse(text)) return text;
  throw new UsageError(
    transport === 'websocket'
      ? '--connect-ws needs a URL of ws or wss.'
      : '--connect-sse and --connect-streamable-http need a URL of http or https.',
  );
}

function grpcSpec(target: string, values: Values, fill: (text: string) => string): ServerSpec {
  const [, scheme, host, digits] = /^(grpcs?:\/\/)?\[?([^\s/@[\]]+)\]?:(\d{1,5})\/?$/.exec(target) ?? [];
  const port = Number(digits);
  if (host === undefined || port < 1 || port > 65_535)
    throw new UsageError('--grpc must be HOST:PORT, such as localhost:50051.');
  const { 'grpc-tls': tls, 'grpc-cert': cert, 'grpc-key': key } = values;
  if (key !== undefined && cert === undefined) throw new UsageError('--grpc-key goes with --grpc-cert.');
  const { 'grpc-proto': protos, 'grpc-descriptors': descriptors } = values;
  if (protos !== undefined && descriptors !== undefined)
    throw new UsageError('Give --grpc-proto or --grpc-descriptors, not both.');
  const isSecure = tls === true || cert !== undefined || scheme === 'grpcs://';
  const metadata = { ...headersOf(values, fill), ...metadataOf(values, fill) };
  return { grpc: { host, port, tls: isSecure ? { cert, key } : undefined, protos, descriptors, metadata } };
}

function metadataOf(values: Values, fill: (text: string) => string): Record<string, string> {
  const entries = (values['grpc-metadata'] ?? []).map((text) => {
    const [, name, value] = /^([\w.-]+)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new UsageError('--grpc-metadata must be NAME=VALUE.');
    return [name.toLowerCase(), fill(value)] as const;
  });
  return Object.fromEntries(entries);
}

function headersOf(values: Values, fill: (text: string) => string): Record<string, string> {
  const headers: Record<string, string> = {};
  for (const text of values.header ?? []) {
    const [, name, value] = /^\s*([^\s:]+)\s*:\s*(.*)$/.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new UsageError('--header must be "NAME: VALUE".');
    headers[name.toLowerCase()] = fill(value);
  }
  if (values.oauth2Bearer !== undefined) headers['authorization'] = `Bearer ${fill(values.oauth2Bearer)}`;
  return headers;
}

function assignments(texts: readonly string[], fill: (text: string) => string): Record<string, string> {
  const entries = texts.map((text) => {
    const [, name, value] = /^([A-Za-z_]\w*)=(.*)$/s.exec(text) ?? [];
    if (name === undefined || value === undefined) throw new UsageError('--env must be NAME=VALUE.');
    return [name, fill(value)] as const;
  });
  return Object.fromEntries(entries);
}
