/** @module `forge-gateway serve`: starts the gateway, and ends it in order. */
import { resolve } from 'node:path';
import { type Command, endSignal, runCommand } from '@forge/cli';
import type { Logger } from 'pino';
import { readSettings } from '../config/environment.ts';
import type { Settings } from '../config/schema.ts';
import { createLog } from '../log.ts';
import { loadMcpServers } from '../mcp-servers/load.ts';
import { passwordNotice } from '../serving/first-admin.ts';
import { type Gateway, startGateway } from '../serving/start.ts';
import { packageVersion } from '../version.ts';
import { serveFlags, settingsOf } from './setting-flags.ts';

const command = {
  name: 'forge-gateway serve',
  summary: 'Starts the gateway.',
  flags: serveFlags,
  examples: [
    ['On http://127.0.0.1:4444, with everything kept in ./data', 'forge-gateway'],
    ['With the servers of Claude Desktop, Cursor or VS Code', 'forge-gateway --config .vscode/mcp.json'],
    ['On a free port, with settings from a file', 'forge-gateway --port 0 --env-file test.env'],
  ],
} as const satisfies Command;

/** What is left of the process may take this long. */
const LAST_MS = 5000;

/** Exit code 0 after an orderly end. */
export function run(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async (values) => {
    const { settings, warnings } = readSettings(settingsOf(values), values['env-file']);
    const file = values.config === undefined ? undefined : loadMcpServers(values.config);
    const log = createLog(settings);
    for (const warning of warnings) log.warn(warning);
    for (const problem of file?.problems ?? []) log.error(problem);

    const ended = endSignal();
    const gateway = await startGateway(settings, {
      log,
      upstreams: file?.upstreams ?? [],
      onFirstAdmin: (password) => process.stderr.write(passwordNotice(settings.PLATFORM_ADMIN_EMAIL, password)),
    });
    endOnFault(gateway, log);
    process.stdout.write(welcome(settings, gateway.url));
    log.info({ signal: await ended }, 'ending');
    await gateway.close();
    log.info('ended');
    // Whatever still keeps the process alive has had its time.
    setTimeout(() => process.exit(0), LAST_MS).unref();
    return 0;
  });
}

function welcome(settings: Settings, url: string): string {
  return `forge-gateway ${packageVersion()} is ready on ${url} after ${Math.round(process.uptime() * 1000)} ms
  MCP    ${url}/mcp
  admin  ${settings.PLATFORM_ADMIN_EMAIL}
  data   ${resolve(settings.FORGE_DATA_DIR)}
`;
}

/** A fault that nobody caught leaves a state that nobody knows: what can be saved is saved, and the process ends. */
function endOnFault(gateway: Gateway, log: Logger): void {
  const end = async (fault: unknown) => {
    log.fatal({ err: fault }, 'a fault that nobody caught');
    setTimeout(() => process.exit(1), LAST_MS).unref();
    await gateway.close();
    process.exit(1);
  };
  process.once('uncaughtException', (fault) => void end(fault));
  process.once('unhandledRejection', (fault) => void end(fault));
}
