/** @module The matrix's servers, started. */
import { fileURLToPath } from 'node:url';
import { start } from '../harness/process.ts';
import type { Scope } from '../harness/scope.ts';
import { type PythonSdk, pythonArgs } from '../harness/uv.ts';
import type { ServerName } from './cells.ts';

const START: Readonly<Record<ServerName, (scope: Scope) => Promise<object>>> = {
  'SDK v1 server': async (scope) => ({ url: await node(scope, 'sdk-v1.ts', 'http') }),
  'SDK v2 modern server': async (scope) => ({ url: await node(scope, 'sdk-v2.ts'), era: 'modern' }),
  'SDK v2 legacy server': async (scope) => ({ url: await node(scope, 'sdk-v2.ts'), era: 'legacy' }),
  'Python 1.x server': async (scope) => ({ url: await python(scope, 1, 'python_v1.py') }),
  'Python 2.x modern server': async (scope) => ({ url: await python(scope, 2, 'python_v2.py') }),
  'SDK v1 server on stdio': async () => ({ command: process.execPath, args: [script('sdk-v1.ts'), 'stdio'] }),
  'SDK v1 server over HTTP+SSE': async (scope) => ({ url: await node(scope, 'sdk-v1.ts', 'sse') }),
};

/** Starts a server, unless the gateway does that; what to register as an upstream. */
export function startServer(scope: Scope, name: ServerName): Promise<object> {
  return START[name](scope);
}

async function node(scope: Scope, name: string, ...args: readonly string[]): Promise<string> {
  const [, url = ''] = await start(scope, { command: process.execPath, args: [script(name), ...args] }).says(
    /Running on (\S+)/,
  );
  return url;
}

async function python(scope: Scope, sdk: PythonSdk, name: string): Promise<string> {
  const running = start(scope, { command: 'uv', args: pythonArgs(sdk, script(name)) });
  const [, url = ''] = await running.says(/running on (http:\S+)/, 120_000);
  return `${url}/mcp`;
}

function script(name: string): string {
  return fileURLToPath(new URL(`servers/${name}`, import.meta.url));
}
