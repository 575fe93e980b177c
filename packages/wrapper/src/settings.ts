/** @module What a command line and its environment mean, checked: which server, with which credential, by which way. */
import { readFileSync } from 'node:fs';
import { type FlagValues, UsageError } from '@forge/cli';
import { type Env, expandEnv, headerFrom, headersFrom } from './headers.ts';
import { type LogLevel, readLogLevel } from './log.ts';
import type { LoginSettings } from './oauth/login-settings.ts';
import type { serverFlags } from './options.ts';

/** Everything about one server. */
export interface Settings {
  readonly url: URL;
  /** Sent with every request; names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly transport: 'auto' | 'streamable-http' | 'sse';
  readonly era: 'auto' | 'modern' | 'legacy';
  readonly callTimeoutMs: number;
  readonly connectTimeoutMs: number;
  /** Globs; `!` before one denies. */
  readonly tools: readonly string[];
  /** PEM certificates to trust besides those that Node trusts. */
  readonly ca: string | undefined;
  /** A proxy to use, or `none`; absent: what the environment says. */
  readonly proxy: URL | 'none' | undefined;
  /** Absent: the credential is given, or none is wanted. */
  readonly login: LoginSettings | undefined;
  readonly logLevel: LogLevel;
}

/**
 * Reads the settings. A flag counts more than a variable.
 *
 * @throws UsageError
 */
export function readSettings(values: FlagValues<typeof serverFlags>, env: Env): Settings {
  const url = readUrl(values.url ?? env['MCP_SERVER_URL']);
  const auth = values.auth ?? env['MCP_AUTH'];
  const headers: Record<string, string> = {};
  if (values['header-file'] !== undefined)
    Object.assign(headers, headersFrom(readText(values['header-file'], '--header-file'), env));
  for (const line of values.header ?? []) Object.assign(headers, headerFrom(line, '--header', env));
  if (auth !== undefined && auth !== '') headers['authorization'] = expandEnv(auth, '--auth', env);
  const { transport = 'auto', protocol = 'auto' } = values;
  const isSocket = isWebSocket(url);
  if (isSocket && (transport !== 'auto' || readProxy(values.proxy) instanceof URL))
    throw new UsageError('--transport and --proxy are for http and https URLs; a WebSocket has neither.');
  return {
    url,
    headers,
    transport: transport as Settings['transport'],
    era: protocol as Settings['era'],
    callTimeoutMs: seconds(values.timeout, env['MCP_TOOL_CALL_TIMEOUT'], 'MCP_TOOL_CALL_TIMEOUT', 60),
    connectTimeoutMs: (values['connect-timeout'] ?? 30) * 1000,
    tools: (values.tools ?? [])
      .flatMap((list) => list.split(','))
      .map((glob) => glob.trim())
      .filter((glob) => glob !== ''),
    ca: values.ca === undefined ? undefined : readCertificates(values.ca),
    proxy: readProxy(values.proxy),
    login: headers['authorization'] === undefined && !isSocket ? readLogin(values, env) : undefined,
    logLevel: readLogLevel(values['log-level'], env['MCP_WRAPPER_LOG_LEVEL']),
  };
}

/** Whether a server is on WebSocket. */
export function isWebSocket({ protocol }: URL): boolean {
  return protocol.startsWith('ws');
}

function readUrl(text: string | undefined): URL {
  if (text === undefined || text === '')
    throw new UsageError('Which server? Give its address as --url or in MCP_SERVER_URL.');
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^(?:http|ws)s?:$/.test(url.protocol))
    throw new UsageError('The server must be an http or https URL, or one of ws or wss.');
  if (url.username !== '' || url.password !== '')
    throw new UsageError('The URL must not hold a password. Give credentials as --auth or --header.');
  // A gateway's virtual server is often named without the endpoint.
  if (/\/servers\/[^/]+\/?$/.test(url.pathname))
    url.pathname = `${url.pathname.replace(/\/$/, '')}/${isWebSocket(url) ? 'ws' : 'mcp'}`;
  url.hash = '';
  return url;
}

function readProxy(text: string | undefined): Settings['proxy'] {
  if (text === undefined || text === 'none') return text;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && /^(?:https?|socks5):$/.test(url.protocol)) return url;
  throw new UsageError('--proxy must be an http, https or socks5 URL, or none.');
}

function readLogin(values: FlagValues<typeof serverFlags>, env: Env): LoginSettings | undefined {
  const { oauth = 'auto' } = values;
  if (oauth === 'off') return undefined;
  const secret = values['client-secret'] ?? env['MCP_CLIENT_SECRET'];
  const metadataUrl = values['client-metadata-url'];
  if (metadataUrl !== undefined && !(URL.canParse(metadataUrl) && metadataUrl.startsWith('https:')))
    throw new UsageError('--client-metadata-url must be an https URL.');
  const clientId = values['client-id'] ?? env['MCP_CLIENT_ID'];
  if (oauth === 'client-credentials' && (clientId === undefined || secret === undefined))
    throw new UsageError('--oauth client-credentials needs --client-id, and --client-secret or MCP_CLIENT_SECRET.');
  return {
    way: oauth as LoginSettings['way'],
    clientId,
    clientSecret: secret === undefined ? undefined : expandEnv(secret, '--client-secret', env),
    clientMetadataUrl: metadataUrl,
    scope: values.scope,
    callbackPort: values['callback-port'] ?? 0,
    timeoutMs: (values['auth-timeout'] ?? 300) * 1000,
  };
}

function seconds(flag: number | undefined, variable: string | undefined, name: string, otherwise: number): number {
  if (flag !== undefined) return flag * 1000;
  if (variable === undefined || variable === '') return otherwise * 1000;
  const number = Number(variable);
  if (number > 0 && number <= 86_400) return number * 1000;
  throw new UsageError(`${name} must be a number of seconds, not "${variable}".`);
}

function readCertificates(path: string): string {
  const pem = readText(path, '--ca');
  if (pem.includes('-----BEGIN CERTIFICATE-----')) return pem;
  throw new UsageError(`--ca: ${path} holds no PEM certificate.`);
}

function readText(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new UsageError(`${flag}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code ?? 'error'}).`);
  }
}
