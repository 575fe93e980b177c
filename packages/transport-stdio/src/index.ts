/** @module MCP over stdio, both directions: a supervised child process tree, or this process's own stdin and stdout. */
export { processChannel, type ProcessChannelOptions } from './process-channel.ts';
export { type ChildChannel, spawnChannel, type SpawnChannelOptions } from './spawn-channel.ts';
export { stdioUpstream, type StdioUpstreamOptions } from './stdio-upstream.ts';
