/**
 * @module Reads the `mcpServers` files of desktop clients and editors as they are: Claude Desktop, Claude Code, Cursor,
 * Windsurf, Gemini CLI (`mcpServers`) and VS Code (`servers`).
 */
import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { didYouMean } from '../nearest.ts';
import { type ConfiguredUpstream, EntryError, isObject, readEntry } from './entry.ts';
import { type Jsonc, JsoncError, parseJsonc, type Position } from './jsonc.ts';
import { VariableError, type Variables } from './variables.ts';

/** What a file holds. One bad server is a problem and leaves the others as they are. */
export interface McpServersFile {
  readonly upstreams: readonly ConfiguredUpstream[];
  /** `FILE:LINE:COLUMN: server "NAME": ...`, one line each. */
  readonly problems: readonly string[];
}

/** Reads the text of the file called `name`. Never throws: what cannot be used is a problem. */
export function readMcpServers(name: string, text: string, variables: Variables): McpServersFile {
  const upstreams: ConfiguredUpstream[] = [];
  const problems: string[] = [];
  const report = (position: Position | undefined, message: string) =>
    problems.push(`${name}:${position === undefined ? '' : `${position.line}:${position.column}:`} ${message}`);
  let file: Jsonc;
  try {
    file = parseJsonc(text);
  } catch (error) {
    if (!(error instanceof JsoncError)) throw error;
    report(error.position, error.message);
    return { upstreams, problems };
  }
  const servers = serversOf(file.value);
  if (servers === undefined) report({ line: 1, column: 1 }, noServers(file.value));
  for (const [key, value] of Object.entries(servers ?? {})) {
    try {
      upstreams.push(readEntry(key, value, variables));
    } catch (error) {
      if (!(error instanceof EntryError || error instanceof VariableError)) throw error;
      report(file.positionOf(value) ?? file.positionOf(servers), `server "${key}": ${error.message}`);
    }
  }
  return { upstreams, problems };
}

/** What the places in the file at `path` stand for: its workspace is its folder, or the one above an editor's own. */
export function variablesFor(path: string, environment: Variables['environment']): Variables {
  const folder = dirname(resolve(path));
  const inEditor = ['.vscode', '.cursor'].includes(basename(folder));
  return { environment, workspaceFolder: inEditor ? dirname(folder) : folder, userHome: homedir() };
}

function serversOf(root: unknown): Readonly<Record<string, unknown>> | undefined {
  if (!isObject(root)) return undefined;
  const nested = isObject(root['mcp']) ? root['mcp']['servers'] : undefined;
  return [root['mcpServers'], root['servers'], nested].find(isObject);
}

function noServers(root: unknown): string {
  const hints = isObject(root) ? Object.keys(root).map((key) => didYouMean(key, ['mcpServers', 'servers'])) : [];
  return `there is no "mcpServers" (or, in VS Code, "servers") object.${hints.find((hint) => hint !== '') ?? ''}`;
}
