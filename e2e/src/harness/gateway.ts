/** @module The real gateway as a process, and its REST API as an operator calls it. */
import { GATEWAY } from './paths.ts';
import { output, type Running, start } from './process.ts';
import type { Scope } from './scope.ts';

/** The user that every gateway has. */
export const ADMIN = 'admin@example.com';

/** How to start a gateway. */
export interface GatewayOptions {
  /** @default a new one */
  readonly dataDir?: string;
  /** Settings, by the names of their environment variables. */
  readonly env?: Readonly<Record<string, string>>;
  /** @default a free one */
  readonly port?: number;
}

/** What the API answered. */
export interface ApiAnswer {
  readonly status: number;
  /** Parsed JSON, or the text where it is none. */
  readonly body: unknown;
}

/** A gateway that is ready. */
export interface Gateway {
  readonly url: string;
  readonly process: Running;
  readonly dataDir: string;
  /** Of the administrator. */
  readonly token: string;
  /** Calls the REST API as the administrator, or as whoever has `token`. */
  api(method: string, path: string, body?: unknown, token?: string): Promise<ApiAnswer>;
  /** Registers an upstream. Its id. @throws unless it was accepted */
  register(upstream: Readonly<Record<string, unknown>>): Promise<string>;
  /** Makes a virtual server of whole upstreams. The URL of its MCP endpoint. */
  compose(name: string, upstreamIds: readonly string[]): Promise<string>;
  /** Makes a token for a user. @param minutes until it expires */
  tokenFor(username: string, minutes?: number): Promise<string>;
}

/** Starts the gateway on loopback, with nothing configured but what is given; waits until it is ready. */
export async function startGateway(scope: Scope, options: GatewayOptions = {}): Promise<Gateway> {
  const dataDir = options.dataDir ?? `${scope.folder()}/data`;
  const cwd = scope.folder(); // no .env of the checkout counts
  const env = { FORGE_DATA_DIR: dataDir, ...options.env };
  const running = start(scope, {
    command: process.execPath,
    args: [GATEWAY, 'serve', '--port', String(options.port ?? 0)],
    env,
    cwd,
  });
  const [, url = ''] = await running.says(/is ready on (http:\S+)/);
  const tokenFor = (username: string, minutes = 60): Promise<string> =>
    output({
      command: process.execPath,
      args: [GATEWAY, 'token', '--username', username, '--exp', String(minutes)],
      env,
      cwd,
    });
  const token = await tokenFor(ADMIN);
  const api = async (method: string, path: string, body?: unknown, by = token): Promise<ApiAnswer> => {
    const answer = await fetch(url + path, {
      method,
      headers: { Authorization: `Bearer ${by}`, ...(body !== undefined && { 'Content-Type': 'application/json' }) },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    return { status: answer.status, body: parsed(await answer.text()) };
  };
  const create = async (path: string, body: unknown): Promise<string> => {
    const answer = await api('POST', path, body);
    if (answer.status < 300) return (answer.body as { id: string }).id;
    throw new Error(`POST ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
  };
  return {
    url,
    process: running,
    dataDir,
    token,
    api,
    register: (upstream) => create('/gateways', upstream),
    async compose(name, upstreamIds) {
      const id = await create('/servers', { server: { name, associated_gateways: upstreamIds } });
      return `${url}/servers/${id}/mcp`;
    },
    tokenFor,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}
