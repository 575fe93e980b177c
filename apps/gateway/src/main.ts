/** @module The command line of the gateway: finds the command, runs it, says in a sentence what went wrong. */
import { didYouMean } from '@forge/cli';
import { packageVersion } from './version.ts';

interface CommandEntry {
  readonly summary: string;
  readonly load: () => Promise<{ run: (argv: readonly string[]) => Promise<number> }>;
}

const COMMANDS: Readonly<Record<string, CommandEntry>> = {
  serve: { summary: 'Start the gateway. The default.', load: () => import('./commands/serve.ts') },
  token: { summary: 'Print a token for the API and for MCP clients.', load: () => import('./commands/token.ts') },
  import: {
    summary: 'Import an OpenAPI document into a gateway that runs.',
    load: () => import('./commands/import.ts'),
  },
  check: {
    summary: 'Say whether the configuration is valid, and what it does.',
    load: () => import('./commands/check.ts'),
  },
  version: { summary: 'Print the version.', load: async () => ({ run: version }) },
};

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  const [first = 'serve', ...rest] = argv;
  if (['--help', '-h', 'help'].includes(first)) return help(rest[0]);
  if (['--version', '-V'].includes(first)) return version();
  const name = first.startsWith('-') ? 'serve' : first;
  const entry = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (entry === undefined) {
    const hint = didYouMean(name, Object.keys(COMMANDS));
    process.stderr.write(`forge-gateway: there is no command "${name}".${hint}\nSee forge-gateway --help.\n`);
    return 2;
  }
  const { run } = await entry.load();
  try {
    return await run(name === first ? rest : argv);
  } catch (error) {
    process.stderr.write(explain(error));
    return 1;
  }
}

/** Problems of the configuration and of the system are sentences; anything else is a fault of ours, with its stack. */
function explain(error: unknown): string {
  const { name, message, code, stack } = error as NodeJS.ErrnoException;
  if (name === 'ConfigError' || name === 'ForgeError' || code?.startsWith('E') === true)
    return message.replaceAll(/^/gm, 'forge-gateway: ') + '\n';
  return `forge-gateway: ${stack ?? String(error)}\n`;
}

async function help(command: string | undefined): Promise<number> {
  if (command !== undefined) return main([command, '--help']);
  const lines = Object.entries(COMMANDS).map(([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`);
  process.stdout.write(`One secure endpoint in front of MCP servers, for any AI client.

Usage: forge-gateway [command] [flags]

${lines.join('\n')}

forge-gateway COMMAND --help explains a command and its flags.
`);
  return 0;
}

async function version(): Promise<number> {
  process.stdout.write(`forge-gateway ${packageVersion()}, Node ${process.versions.node}\n`);
  return 0;
}
