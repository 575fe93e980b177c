/** @module What puts the same child on HTTP: `translate`, the bare bridge, and programs of others. */
import type { Case } from '../cells.ts';
import { firstAnswer } from '../load/http-clients.ts';
import type { Program } from '../load/job.ts';
import { startOf } from '../load/stdio-clients.ts';
import { peerScript } from './peers.ts';
import { nodeCommand } from './pinning.ts';
import { ownScript, type Start, startServer } from './processes.ts';
import { plainEnv } from './scratch.ts';
import { medianStart } from './starts.ts';
import { type Place, serverTarget, type Target } from './targets.ts';

/** The bridges. */
export const BRIDGES = ['bare-bridge', 'translate', 'supergateway', 'mcp-proxy'] as const satisfies readonly Case[];

/** One of them. */
export type Bridge = (typeof BRIDGES)[number];

/** Starts a bridge. `childCore` is where its child runs. */
export async function startBridge(name: Bridge, place: Place, childCore: number | undefined): Promise<Target> {
  const child = childProgram(place, childCore);
  const start = await startFor(name, place, child);
  const startMs = await medianStart(() => startOnce(start, place));
  const childMs = await medianStart(() => startOf(child));
  return { ...serverTarget(name, place, await startServer(start), ''), startMs: startMs - childMs };
}

/** How long it takes from its launch to its first answer. */
async function startOnce(start: Start, { era }: Place): Promise<number> {
  const launchedAt = performance.now();
  const { origin, stop } = await startServer(start);
  try {
    await firstAnswer({ url: `${origin}/mcp`, era, headers: {} });
    return performance.now() - launchedAt;
  } finally {
    await stop();
  }
}

function childProgram({ era }: Place, core: number | undefined): Program {
  const [command, args] = nodeCommand([ownScript('servers/stdio-server.js'), era], core);
  return { era, command, args, env: plainEnv() };
}

async function startFor(name: Bridge, { era, core, profileFolder }: Place, child: Program): Promise<Start> {
  const words = [child.command, ...child.args];
  const common = { name, core, profileFolder, env: plainEnv() };
  const ours = (path: string, ...args: readonly string[]) => ({ ...common, script: ownScript(path), args });
  if (name === 'bare-bridge') return ours('servers/bare-bridge.js', ...words);
  if (name === 'translate')
    return ours('../../packages/translate/bin/forge-translate.js', '--port', '0', '--', ...words);
  const script = await peerScript(name);
  if (name === 'mcp-proxy') {
    const flags = ['--server', 'stream', '--upstreamProtocol', era];
    return ours('servers/on-loopback.js', script, ...flags, '--', ...words);
  }
  const flags = ['--outputTransport', 'streamableHttp', '--stateful', '--logLevel', 'none'];
  return ours('servers/on-loopback.js', script, '--stdio', words.map(quoted).join(' '), ...flags);
}

/** One word for the shell that supergateway starts its child by. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
