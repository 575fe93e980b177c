/** @module `forge-wrapper install`: writes a server into a desktop client's configuration. */
import { resolve } from 'node:path';
import { type Command, type FlagValues, runCommand, UsageError } from '@forge/cli';
import { serverFlags } from '../options.ts';
import { readSettings } from '../settings.ts';
import { applyChange } from './change.ts';
import { type ClientName, clientConfig } from './clients.ts';
import { clientFlags } from './flags.ts';

const command = {
  name: 'forge-wrapper install',
  summary: 'Writes a server into the configuration of a desktop client. Shows the change first, keeps a backup.',
  flags: { ...clientFlags, ...serverFlags },
  examples: [
    [
      'A gateway for Claude Desktop',
      'forge-wrapper install --client claude-desktop --url http://localhost:4444/servers/ID/mcp --auth "Bearer ..."',
    ],
    [
      'A server that asks for a login, for VS Code',
      'forge-wrapper install --client vscode --url https://mcp.example.com/mcp --name example',
    ],
    [
      'Only show what would change',
      'forge-wrapper install --client cursor --url https://mcp.example.com/mcp --dry-run',
    ],
  ],
} as const satisfies Command;

type Values = FlagValues<typeof command.flags>;

/** Flags whose values are secrets: they go into the block's environment, where no list of processes shows them. */
const SECRET = { auth: 'MCP_AUTH', 'client-secret': 'MCP_CLIENT_SECRET' } as const;
const FILES: readonly string[] = ['ca', 'header-file'];

/** Runs the command. */
export function run(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async (values) => {
    if (values.client === undefined) throw new UsageError('Which client? Give it as --client.');
    const { url } = readSettings(values, { ...placeholders(values), ...process.env }); // all of it is checked now, not at the next start of the client
    const client = clientConfig(values.client as ClientName);
    const { args, env } = blockOf(values, url);
    const block = client.block('npx', ['-y', '@forge/wrapper', ...args], env);
    const { dryRun, yes } = { dryRun: values['dry-run'] === true, yes: values.yes === true };
    return applyChange({ client, name: values.name ?? nameFor(url), block, dryRun, yes });
  });
}

/** The command line and environment that mean the same as the flags do. */
function blockOf(values: Values, url: URL): { args: string[]; env: Record<string, string> } {
  const args = ['--url', url.href];
  const env: Record<string, string> = {};
  for (const name of Object.keys(serverFlags) as (keyof typeof serverFlags)[]) {
    const value = values[name];
    if (value === undefined || name === 'url') continue;
    if (name === 'auth' || name === 'client-secret') env[SECRET[name]] = String(value);
    else if (name === 'header') headersInto(values.header ?? [], args, env);
    else if (Array.isArray(value)) args.push(`--${name}`, value.join(','));
    else args.push(`--${name}`, FILES.includes(name) ? resolve(String(value)) : String(value));
  }
  return { args, env };
}

/** A header's value may be a secret, and has spaces that some clients break. */
function headersInto(headers: readonly string[], args: string[], env: Record<string, string>): void {
  for (const [index, header] of headers.entries()) {
    const [name = '', ...rest] = header.split(':');
    const value = rest.join(':').trim();
    const variable = `MCP_HEADER_${index + 1}`;
    if (!value.includes('${')) env[variable] = value;
    args.push('--header', `${name.trim()}:${value.includes('${') ? value : `\${${variable}}`}`);
  }
}

/** Variables that the client will set need not be set now. */
function placeholders({ auth, header = [], 'client-secret': secret }: Values): Record<string, string> {
  const text = [auth, secret, ...header].join(' ');
  return Object.fromEntries([...text.matchAll(/\$\{([A-Za-z_]\w*)\}/g)].map(([, name = '']) => [name, 'x']));
}

function nameFor({ hostname }: URL): string {
  return hostname.replaceAll(/^(?:mcp|www)\.|[[\]]/g, '').replaceAll(/[^A-Za-z0-9-]+/g, '-');
}
