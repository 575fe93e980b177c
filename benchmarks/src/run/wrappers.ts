/** @module What puts the same HTTP server on stdio: `wrapper`, the bare wrapper, and somebody else's program. */
import type { Case } from '../cells.ts';
import { startOf } from '../load/stdio-clients.ts';
import { peerScript } from './peers.ts';
import { nodeCommand } from './pinning.ts';
import { ownScript, profiling } from './processes.ts';
import { plainEnv } from './scratch.ts';
import { medianStart } from './starts.ts';
import { callTool, type Place, type Target } from './targets.ts';

/** The wrappers. */
export const WRAPPERS = ['bare-wrapper', 'wrapper', 'mcp-remote'] as const satisfies readonly Case[];

/** One of them. */
export type Wrapper = (typeof WRAPPERS)[number];

/** Makes a wrapper ready, in front of `url`. The load generator launches it, because it holds its stdin. */
export async function prepareWrapper(name: Wrapper, place: Place, url: string): Promise<Target> {
  const { era, core, profileFolder } = place;
  const line = [...profiling(profileFolder), ...(await scriptOf(name, place, url))];
  const [command, args] = nodeCommand(line, core);
  const reach = { era, command, args, env: plainEnv() };
  return {
    case: name,
    reach,
    startMs: await medianStart(() => startOf(reach)),
    profileFolder,
    callFor: callTool(''),
    stop: async () => {}, // each job ends the one that it launched
  };
}

async function scriptOf(name: Wrapper, { era }: Place, url: string): Promise<readonly string[]> {
  if (name === 'bare-wrapper') return [ownScript('servers/bare-wrapper.js'), era, url];
  if (name === 'wrapper') return [ownScript('../../packages/wrapper/bin/forge-wrapper.js'), '--url', url];
  const flags = ['--allow-http', '--transport', 'http-only', '--protocol', era === 'modern' ? 'auto' : 'legacy'];
  return [ownScript('servers/on-loopback.js'), await peerScript(name), url, ...flags];
}
