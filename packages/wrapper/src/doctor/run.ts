/** @module `forge-wrapper doctor`: says step by step what works on the way to a server. */
import { type Command, runCommand, UsageError } from '@forge/cli';
import { createLog } from '../log.ts';
import { createNetwork } from '../network.ts';
import { createLazyLogin } from '../oauth/lazy-login.ts';
import { configFolder } from '../oauth/token-store.ts';
import { serverFlags } from '../options.ts';
import { isWebSocket, readSettings, type Settings } from '../settings.ts';
import { type Finding, steps } from './steps.ts';

const command = {
  name: 'forge-wrapper doctor',
  summary: 'Says step by step what works on the way to a server, and logs in where it asks for that.',
  flags: serverFlags,
  examples: [['A server that a client cannot use', 'forge-wrapper doctor --url https://mcp.example.com/mcp']],
} as const satisfies Command;

/** Runs the command. */
export function run(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async (values) => {
    const settings = readSettings(values, process.env);
    if (isWebSocket(settings.url)) throw new UsageError('doctor examines servers on http and https.');
    const worked = await examine(settings);
    process.stdout.write(worked ? 'Everything works.\n' : 'Something does not work; see above.\n');
    return worked ? 0 : 1;
  });
}

async function examine(settings: Settings): Promise<boolean> {
  const log = createLog(settings.logLevel === 'info' ? 'warning' : settings.logLevel);
  const network = createNetwork({ ca: settings.ca, proxy: settings.proxy, env: process.env });
  const { url: server, login: loginSettings } = settings;
  const folder = configFolder(process.env);
  const login = loginSettings && createLazyLogin({ server, settings: loginSettings, folder, network, log });
  let worked = true;
  for await (const { step, verdict, text } of steps({ settings, network, login, log })) {
    process.stdout.write(`${MARKS[verdict]}  ${step.padEnd(14)}  ${text}\n`);
    if (verdict === 'fails') worked = false;
  }
  return worked;
}

const MARKS: Readonly<Record<Finding['verdict'], string>> = { works: 'ok  ', warns: 'hint', fails: 'FAIL' };
