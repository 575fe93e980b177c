/** @module What Forge's command-line tools share: flags, help texts, `mcpServers` files and the nearest known name. */
export { endSignal } from './end-signal.ts';
export { type Command, type Flag, type Flags, type FlagValues, type Parsed, parseFlags, UsageError } from './flags.ts';
export { helpText } from './help.ts';
export { isLoopback } from './loopback.ts';
export { type ConfiguredUpstream } from './mcp-servers/entry.ts';
export { type McpServersFile, readMcpServers, variablesFor } from './mcp-servers/read.ts';
export { expand, VariableError, type Variables } from './mcp-servers/variables.ts';
export { runCommand } from './run.ts';
export { didYouMean, nearest } from './nearest.ts';
