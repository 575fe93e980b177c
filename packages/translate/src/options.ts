/** @module What the command line of `forge-translate` means. */
import { expand, type FlagValues, parseFlags, UsageError, VariableError, variablesFor } from '@forge/cli';
import { type HeaderToEnv, refusalOf } from './credentials.ts';
import type { TranslateOptions } from './create-translate.ts';
import { command } from './flags.ts';
import type { LogLevel } from './log.ts';
import { serversOf } from './servers.ts';

/** Flags as they were given. */
export type Values = FlagValues<typeof command.flags>;

/** A usable command line. */
export interface CommandLine {
  readonly action: 'serve' | 'check' | 'print';
  readonly translate: TranslateOptions;
  /** What a configuration file has that cannot be used. */
  readonly problems: readonly string[];
  /** Files to read. */
  readonly tls: { readonly cert: string; readonly key: string } | undefined;
  readonly logLevel: LogLevel;
  readonly logFormat: 'text' | 'json';
}

/**
 * Reads the command line, and the configuration file that it names.
 *
 * @param environment `process.env`
 * @returns `'help'` or `'version'` where that was asked for.
 * @throws UsageError
 */
export function readCommandLine(
  argv: readonly string[],
  environment: NodeJS.ProcessEnv,
): CommandLine | 'help' | 'version' {
  const { values, help, rest } = parseFlags(command, argv);
  if (help) return 'help';
  if (values.version === true) return 'version';
  const fill = filler(environment);
  const { servers, problems } = serversOf(values, rest, environment, fill);
  const exposed = [values['expose-sse'], values['expose-streamable-http'], values['expose-ws']];
  const unsaid = exposed.every((flag) => flag === undefined);
  const { child } = values;
  if (values.stateless === true && child === 'per-session')
    throw new UsageError('--stateless has no sessions, so --child per-session would start a child for every request.');
  return {
    action: values['check-config'] === true ? 'check' : values['print-config'] === true ? 'print' : 'serve',
    problems,
    tls: tlsFiles(values),
    logLevel: (values.logLevel ?? 'info') as LogLevel,
    logFormat: (values['log-format'] ?? 'text') as CommandLine['logFormat'],
    translate: {
      servers,
      child: child as TranslateOptions['child'],
      maxChildren: values['max-children'],
      headerToEnv: headerToEnv(values),
      sse: unsaid || values['expose-sse'] === true,
      streamableHttp: unsaid || values['expose-streamable-http'] === true,
      webSocket: values['expose-ws'] === true,
      ...paths(values),
      port: values.port,
      host: values.host,
      insecure: values['insecure-no-auth'],
      apiKeys: (values['api-key'] ?? [environment['FORGE_API_KEY'] ?? []].flat()).map((key) => apiKey(fill(key))),
      allowedOrigins: values.cors?.map(origin),
      keepAliveMs: milliseconds(values.keepAlive),
      stateless: values.stateless,
      jsonResponse: values.jsonResponse,
      maxSessions: values['max-sessions'],
      sessionTimeoutMs: milliseconds(values['session-timeout']),
      requestTimeoutMs: milliseconds(values.timeout),
    },
  };
}

function milliseconds(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function filler(environment: NodeJS.ProcessEnv): (text: string) => string {
  const variables = variablesFor('.', (name) => environment[name]);
  return (text) => {
    try {
      return expand(text, variables);
    } catch (error) {
      throw error instanceof VariableError ? new UsageError(error.message) : error;
    }
  };
}

function headerToEnv(values: Values): HeaderToEnv {
  const mapping = new Map<string, string>();
  for (const text of values['header-to-env'] ?? []) {
    const [, header, variable] = /^([\w!#$%&'*+.^`|~-]+)=(.+)$/.exec(text) ?? [];
    if (header === undefined || variable === undefined)
      throw new UsageError(`--header-to-env must be HEADER=NAME, not "${text}".`);
    const refusal = refusalOf(variable);
    if (refusal !== undefined) throw new UsageError(`--header-to-env: ${variable} ${refusal}.`);
    mapping.set(header.toLowerCase(), variable);
  }
  const remote = values['connect-sse'] ?? values['connect-streamable-http'] ?? values['connect-ws'] ?? values.grpc;
  if (mapping.size > 0 && remote !== undefined)
    throw new UsageError('--header-to-env is for children. A server elsewhere gets X-Upstream-Authorization.');
  return mapping;
}

function paths(values: Values): Pick<TranslateOptions, 'ssePath' | 'messagePath' | 'wsPath' | 'healthPaths'> {
  const ssePath = path('--ssePath', values.ssePath ?? '/sse');
  const messagePath = path('--messagePath', values.messagePath ?? '/message');
  const wsPath = path('--wsPath', values.wsPath ?? '/ws');
  const healthPaths = ['/healthz', ...(values['health-endpoint'] ?? []).map((it) => path('--health-endpoint', it))];
  if (new Set([ssePath, messagePath, wsPath, ...healthPaths]).size < 3 + new Set(healthPaths).size)
    throw new UsageError('--ssePath, --messagePath, --wsPath and --health-endpoint must differ.');
  return { ssePath, messagePath, wsPath, healthPaths };
}

function path(flag: string, text: string): string {
  if (/^\/[\w./~-]*$/.test(text) && text !== '/mcp') return text;
  throw new UsageError(`${flag} must be a path such as /sse, and not /mcp.`);
}

function origin(text: string): string {
  if (text === '*' || (URL.canParse(text) && new URL(text).origin === text)) return text;
  throw new UsageError(`--cors: "${text}" is not an origin such as https://app.example.com.`);
}

function apiKey(key: string): string {
  if (/^[\x21-\x7E]{8,}$/.test(key)) return key;
  throw new UsageError('--api-key must be at least 8 characters long, plain ASCII and without blanks.');
}

function tlsFiles(values: Values): CommandLine['tls'] {
  const { 'tls-cert': cert, 'tls-key': key } = values;
  if (cert === undefined && key === undefined) return undefined;
  if (cert === undefined || key === undefined) throw new UsageError('--tls-cert and --tls-key go together.');
  return { cert, key };
}
