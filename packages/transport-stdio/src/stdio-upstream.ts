/** @module An MCP server that we launch, as an upstream. */
import { type ChannelUpstreamOptions, createChannelUpstream, type Upstream } from '@forge/protocol';
import { spawnChannel, type SpawnChannelOptions } from './spawn-channel.ts';

/** What to launch, and how to speak with it. */
export interface StdioUpstreamOptions
  extends SpawnChannelOptions, Omit<ChannelUpstreamOptions, 'open' | 'transport' | 'disposableProbe'> {}

/**
 * A child process as an upstream of either era. It is launched by the first `connect` or `call`, and again by the next
 * one after it was lost.
 *
 * `server/discover` goes to the child first. One that exits over it (some legacy servers do) is replaced by a fresh one,
 * which gets `initialize`; one that is silent, perhaps because `npx` is still installing it, gets `initialize` on top, and
 * whichever is answered decides.
 *
 * @example
 * const upstream = stdioUpstream({ command: 'uvx', args: ['mcp-server-git'], events, clientInfo });
 * const { era } = await upstream.connect();
 */
export function stdioUpstream(options: StdioUpstreamOptions): Upstream {
  return createChannelUpstream({ ...options, open: () => spawnChannel(options), transport: 'stdio' });
}
