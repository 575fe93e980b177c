/**
 * @module The client that the suite's client scenarios start, with Forge between it and the suite's server.
 *
 * `node dist/client.js --client modern|legacy --through gateway|wrapper|nothing --folder FOLDER URL`, where URL is the
 * suite's server and MCP_CONFORMANCE_SCENARIO names the scenario. It starts a gateway of its own, with its data in
 * FOLDER, or a wrapper, does what the scenario wants, and ends everything.
 */
import { parseArgs } from 'node:util';
import { connectPeer } from './client/peer.ts';
import type { Where } from './client/peer.ts';
import { SCRIPTS } from './client/scenarios.ts';
import { stopAll } from './run/process.ts';
import { startGateway, wrapperOf } from './run/target.ts';

/** Less than the suite waits, so that nothing is left when it gives up. */
const LIMIT_MS = 50_000;

const { values, positionals } = parseArgs({
  options: {
    client: { type: 'string', default: 'modern' },
    through: { type: 'string', default: 'gateway' },
    folder: { type: 'string', default: '.' },
  },
  allowPositionals: true,
});

/** What the client connects to, so that its requests end at `url`. */
async function inFrontOf(url: string): Promise<Where> {
  if (values.through === 'gateway') return { url: await startGateway({ url }, values.folder) };
  return values.through === 'wrapper' ? wrapperOf(url) : { url };
}

async function main(): Promise<void> {
  const scenario = process.env['MCP_CONFORMANCE_SCENARIO'] ?? '';
  const script = SCRIPTS[scenario];
  if (script === undefined) throw new Error(`No script for the scenario "${scenario}"; add it to client/scenarios.ts`);
  const where = await inFrontOf(positionals[0] ?? '');
  const answer = script.answer ?? (async () => ({}));
  const peer = await connectPeer(values.client === 'legacy' ? 'legacy' : 'modern', where, answer);
  await script.run(peer);
  await peer.close();
}

/** Ends what was started, then this process. */
async function end(code: number): Promise<never> {
  await stopAll();
  process.exit(code);
}

setTimeout(() => void end(1), LIMIT_MS);
// The suite holds the other end: this one closes when the suite is gone.
process.stdin.resume().once('end', () => void end(1));
process.once('SIGTERM', () => void end(1));
try {
  await main();
  await end(0);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  await end(1);
}
