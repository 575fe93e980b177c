/** @module `pnpm soak`: holds a gateway to its bounds on memory and time, under many sessions, streams and calls. */
import { type Command, helpText, parseFlags, UsageError } from '@forge/cli';
import type { Era } from './cells.ts';
import { soakCalls } from './soak/calls.ts';
import { type Finding, tableOfFindings } from './soak/findings.ts';
import { obstacleTo } from './soak/limits.ts';
import { soakListeners } from './soak/listeners.ts';
import { soakSessions } from './soak/sessions.ts';

const CASES = ['sessions', 'subscriptions', 'streams', 'calls'] as const;
const COUNT = [1, 1_000_000] as const;

const COMMAND = {
  name: 'pnpm soak',
  summary: 'Holds a gateway to its bounds on memory and time, under many sessions, streams and calls.',
  flags: {
    case: { type: 'string', many: true, choices: CASES, help: 'Only these cases.' },
    sessions: {
      type: 'integer',
      range: COUNT,
      help: 'Sessions that the gateway keeps; three times as many are opened. Default: 10000.',
    },
    subscriptions: { type: 'integer', range: COUNT, help: 'Modern streams. Default: 10000.' },
    streams: { type: 'integer', range: COUNT, help: 'Legacy streams, each in a session. Default: 5000.' },
    calls: { type: 'integer', range: COUNT, help: 'Calls in each era. Default: 100000.' },
    cancelled: { type: 'integer', range: COUNT, help: 'Calls in each era that are cancelled besides. Default: 2000.' },
  },
  examples: [
    ['Everything, about 8 minutes', 'pnpm soak'],
    ['What one subscription costs', 'pnpm soak --case subscriptions --subscriptions 2000'],
  ],
} as const satisfies Command;

async function main(argv: readonly string[]): Promise<number> {
  const { values, help } = parseFlags(COMMAND, argv);
  if (help) {
    process.stdout.write(helpText(COMMAND));
    return 0;
  }
  const { sessions = 10_000, subscriptions = 10_000, streams = 5000, calls = 100_000, cancelled = 2000 } = values;
  const bothEras = async (soak: (era: Era) => Promise<readonly Finding[]>): Promise<readonly Finding[]> => [
    ...(await soak('modern')),
    ...(await soak('legacy')),
  ];
  const soaks: Readonly<Record<(typeof CASES)[number], () => Promise<readonly Finding[]>>> = {
    sessions: () => soakSessions(sessions),
    subscriptions: () => soakListeners('modern', subscriptions),
    streams: () => soakListeners('legacy', streams),
    calls: () => bothEras((era) => soakCalls(era, calls, cancelled)),
  };
  const chosen = CASES.filter((name) => values.case?.includes(name) ?? true);
  const most = Math.max(chosen.includes('subscriptions') ? subscriptions : 0, chosen.includes('streams') ? streams : 0);
  const obstacle = obstacleTo(most);
  if (obstacle !== undefined) throw new UsageError(obstacle);
  let code = 0;
  for (const name of chosen) {
    const findings = await soaks[name]();
    process.stdout.write(`${name}\n\n${tableOfFindings(findings)}\n`);
    if (findings.some(({ kept }) => !kept)) code = 1;
  }
  return code;
}

// Ends through process.exit, so that what was started ends as well.
process.once('SIGINT', () => process.exit(130));
process.once('SIGTERM', () => process.exit(143));
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof UsageError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
