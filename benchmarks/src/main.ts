/** @module `pnpm bench`: measures the gateway, `translate` and `wrapper` beside the least that would do, and compares. */
import { writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { type Command, helpText, parseFlags, UsageError } from '@forge/cli';
import { CASES, ERAS, isOwn, isPeer, OWN_CASES, type OwnCase, PAYLOADS, RIVALS } from './cells.ts';
import { chooseCores } from './run/pinning.ts';
import { type Plan, run } from './run/run.ts';
import { goalsOf, inOrder, jsonOf, tableOf } from './table.ts';

const COMMAND = {
  name: 'pnpm bench',
  summary: 'Measures the gateway, translate and wrapper beside the least that would do.',
  flags: {
    case: { type: 'string', many: true, choices: OWN_CASES, help: 'Only these cases, and their first baseline.' },
    peers: {
      type: 'boolean',
      help: 'Also programs of others beside translate and wrapper: supergateway, mcp-proxy, mcp-remote, by npm.',
    },
    era: { type: 'string', many: true, choices: ERAS, help: 'Only these eras.' },
    concurrency: {
      type: 'string',
      many: true,
      choices: ['1', '8', '32', '128'],
      help: 'Requests in flight. Default: 1 32.',
    },
    payload: { type: 'string', many: true, choices: PAYLOADS, help: 'Only these payloads.' },
    rounds: { type: 'integer', range: [1, 100], help: 'Measure everything N times and show medians. Default: 1.' },
    quick: { type: 'boolean', help: '1 s a measurement after 0.5 s of warm-up, instead of 3 s after 1.5 s.' },
    profile: {
      type: 'boolean',
      help: 'Also print the functions with the most self time; slows down what it measures.',
    },
    json: { type: 'string', value: 'FILE', help: 'Also write one row per cell to FILE.' },
  },
  examples: [
    ['Everything, about 16 minutes', 'pnpm bench --json result.json'],
    ['One goal, quickly', 'pnpm bench --quick --case bare gateway-policy --concurrency 32 --payload 1k'],
    ['Beside what others have', 'pnpm bench --peers --case translate wrapper --payload 1k'],
    ['What gRPC, REST and agents add', 'pnpm bench --case grpc rest a2a --concurrency 32'],
    ['Where a call spends its time', 'pnpm bench --profile --case gateway --era modern --concurrency 32 --payload 1k'],
  ],
} as const satisfies Command;

async function main(argv: readonly string[]): Promise<number> {
  const { values, help } = parseFlags(COMMAND, argv);
  if (help) {
    process.stdout.write(helpText(COMMAND));
    return 0;
  }
  const quick = values.quick === true;
  const isChosen = (name: OwnCase) => values.case?.includes(name) ?? true;
  const plan: Plan = {
    // In the order of the table, whatever the order of the flags.
    cases: CASES.filter((name) =>
      isPeer(name) ? values.peers === true && isChosen(RIVALS[name]) : isOwn(name) && isChosen(name),
    ),
    eras: ERAS.filter((era) => values.era?.includes(era) ?? true),
    payloads: PAYLOADS.filter((payload) => values.payload?.includes(payload) ?? true),
    concurrencies: (values.concurrency ?? ['1', '32']).map(Number),
    rounds: values.rounds ?? 1,
    warmupMs: quick ? 500 : 1500,
    durationMs: quick ? 1000 : 3000,
    profile: values.profile === true,
    cores: chooseCores(),
  };
  process.stdout.write(`${machine(plan)}\n`);
  const { rows, failures } = await run(plan, (line) => process.stderr.write(`  ${line}\n`));
  const sorted = inOrder(rows);
  process.stdout.write(`\n${tableOf(sorted)}\n${goalsOf(sorted)}`);
  if (values.json !== undefined) writeFileSync(values.json, jsonOf(sorted));
  for (const failure of failures) process.stderr.write(`\nNot measured: ${failure}\n`);
  return failures.length > 0 ? 1 : 0;
}

function machine({ cores }: Plan): string {
  const pinned = cores
    ? `under test on core ${cores.underTest}, load on core ${cores.load}, upstream on core ${cores.upstream}`
    : 'not pinned';
  return `Node ${process.version}, ${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown CPU'}; ${pinned}`;
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
