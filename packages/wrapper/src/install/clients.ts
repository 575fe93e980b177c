/** @module Where each desktop client keeps its servers, and what a block there looks like. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../headers.ts';

/** A client that servers can be written for. */
export interface ClientConfig {
  readonly title: string;
  readonly path: string;
  /** The member that holds the servers by name. */
  readonly root: string;
  /** What to do for the change to count. */
  readonly hint: string;
  /** The block for a command. */
  readonly block: (command: string, args: readonly string[], env: Readonly<Record<string, string>>) => object;
}

/** Names of the clients. */
export const CLIENTS = ['claude-desktop', 'claude-code', 'cursor', 'vscode'] as const;

/** One of {@link CLIENTS}. */
export type ClientName = (typeof CLIENTS)[number];

/** Where things are on this machine. */
export interface Machine {
  readonly platform: NodeJS.Platform;
  readonly home: string;
  readonly env: Env;
}

/** This machine. */
export const HERE: Machine = { platform: process.platform, home: homedir(), env: process.env };

type Block = ClientConfig['block'];

const plain: Block = (command, args, env) => ({ command, args, ...(Object.keys(env).length > 0 && { env }) });
const typed: Block = (command, args, env) => ({ type: 'stdio', ...plain(command, args, env) });
/** Where programs are started without a shell and npx is a script. */
const typedOnWindows: Block = (command, args, env) => typed('cmd', ['/c', command, ...args], env);

const CONFIGS: Readonly<Record<ClientName, (machine: Machine) => ClientConfig>> = {
  'claude-desktop': (machine) => ({
    title: 'Claude Desktop',
    path: join(appFolder(machine), 'Claude', 'claude_desktop_config.json'),
    root: 'mcpServers',
    hint: 'Quit Claude Desktop and start it again.',
    block: plain,
  }),
  'claude-code': ({ home, platform }) => ({
    title: 'Claude Code',
    path: join(home, '.claude.json'),
    root: 'mcpServers',
    hint: 'Start a new session of Claude Code.',
    block: platform === 'win32' ? typedOnWindows : typed,
  }),
  cursor: ({ home }) => ({
    title: 'Cursor',
    path: join(home, '.cursor', 'mcp.json'),
    root: 'mcpServers',
    hint: 'Enable the server in the settings of Cursor, if it asks.',
    block: plain,
  }),
  vscode: (machine) => ({
    title: 'VS Code',
    path: join(appFolder(machine), 'Code', 'User', 'mcp.json'),
    root: 'servers',
    hint: 'Start the server from the list of MCP servers in VS Code.',
    block: typed,
  }),
};

/** One client's configuration on this machine. */
export function clientConfig(name: ClientName, machine: Machine = HERE): ClientConfig {
  return CONFIGS[name](machine);
}

function appFolder({ platform, home, env }: Machine): string {
  if (platform === 'darwin') return join(home, 'Library', 'Application Support');
  if (platform === 'win32') return env['APPDATA'] ?? join(home, 'AppData', 'Roaming');
  return env['XDG_CONFIG_HOME'] || join(home, '.config');
}
