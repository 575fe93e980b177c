/** @module What a cell is scored over: the fixture alone, or the gateway or translate in front of it. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { FixtureEra } from '../fixture/http.ts';
import { startNode } from './process.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const FIXTURE = fileURLToPath(new URL('../fixture.js', import.meta.url));
const GATEWAY = join(ROOT, 'apps', 'gateway', 'dist', 'main.js');
const TRANSLATE = join(ROOT, 'packages', 'translate', 'bin', 'forge-translate.js');
const WRAPPER = join(ROOT, 'packages', 'wrapper', 'bin', 'forge-wrapper.js');

const READY_MS = 30_000;

/** A stdio server, as it is started. */
interface Command {
  readonly command: string;
  readonly args: string[];
}

/** How whoever stands in front of the fixture starts it. */
export function fixtureOverStdio(era: FixtureEra): Command {
  return { command: process.execPath, args: [FIXTURE, '--stdio', '--era', era] };
}

/** Starts the fixture, its log in `folder`; the URL of its endpoint. */
export async function fixtureOverHttp(era: FixtureEra, folder: string): Promise<string> {
  const fixture = startNode([FIXTURE, '--port', '0', '--era', era], { name: 'fixture', folder });
  const [, url = ''] = await fixture.match(/"url":"([^"]+)"/, READY_MS);
  return url;
}

/** Creates something over the gateway's REST API; its id. */
async function create(origin: string, path: string, body: unknown): Promise<string> {
  const response = await fetch(origin + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json' },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(READY_MS),
  });
  const answer = await response.text();
  if (!response.ok) throw new Error(`POST ${path} answered ${response.status}: ${answer}`);
  const { id } = JSON.parse(answer) as { id?: unknown };
  if (typeof id !== 'string' && typeof id !== 'number')
    throw new Error(`POST ${path} answered without an id: ${answer}`);
  return String(id);
}

/**
 * Starts a gateway, its data and its log in `folder`, and registers an upstream with it, by URL or to be started.
 *
 * @returns the URL of a virtual server over this one upstream, which renames nothing. Its host is `localhost`: the
 * suite's DNS-rebinding scenario accepts only local names.
 */
export async function startGateway(upstream: Command | { readonly url: string }, folder: string): Promise<string> {
  const dataFolder = join(folder, 'data');
  await mkdir(dataFolder);
  const gateway = startNode([GATEWAY, 'serve', '--port', '0', '--host', '127.0.0.1'], {
    name: 'gateway',
    folder,
    cwd: ROOT,
    env: { ...process.env, FORGE_DATA_DIR: dataFolder, AUTH_REQUIRED: 'false', LOG_LEVEL: 'error' },
  });
  const [, port = ''] = await gateway.match(/http:\/\/127\.0\.0\.1:(\d+)/, READY_MS);
  const origin = `http://localhost:${port}`;
  try {
    const id = await create(origin, '/gateways', { name: 'fixture', ...upstream });
    const server = await create(origin, '/servers', {
      server: { name: 'conformance', associated_gateways: [id] },
    });
    return `${origin}/servers/${server}/mcp`;
  } catch (error) {
    throw new Error(`The gateway did not take the fixture. It wrote:\n${gateway.output().trim()}`, { cause: error });
  }
}

/** Starts translate with a stdio server behind it, the log of both in `folder`; the URL of its endpoint. */
export async function startTranslate({ command, args }: Command, folder: string): Promise<string> {
  const translate = startNode([TRANSLATE, '--port', '0', '--', command, ...args], { name: 'translate', folder });
  const [, port = ''] = await translate.match(/http:\/\/127\.0\.0\.1:(\d+)\/mcp/, READY_MS);
  return `http://localhost:${port}/mcp`;
}

/** How a client starts the wrapper in front of `url`. */
export function wrapperOf(url: string): Command {
  return { command: process.execPath, args: [WRAPPER, '--url', url] };
}
