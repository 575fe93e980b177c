/** @module How the stories of a cell end, whatever its client is made with. */
import { fileURLToPath } from 'node:url';
import { output } from '../harness/process.ts';
import { type PythonSdk, pythonArgs } from '../harness/uv.ts';
import { type Cell, type ClientName, storiesOf } from './cells.ts';
import type { Peer, Target } from './clients/peer.ts';
import { connectV1 } from './clients/sdk-v1.ts';
import { connectV2 } from './clients/sdk-v2.ts';
import { wrapperCommand } from './clients/wrapper-command.ts';
import { type Story, TELL } from './stories.ts';

/** How a story ended. */
export interface Outcome {
  /** What it came to. */
  readonly said?: string;
  /** Why it came to nothing. */
  readonly error?: string;
}

/** Outcomes by story. */
export type Outcomes = ReadonlyMap<Story, Outcome>;

const CLIENT_PY = fileURLToPath(new URL('clients/client.py', import.meta.url));

const TELL_ALL: Readonly<Record<ClientName, (cell: Cell, target: Target) => Promise<Outcomes>>> = {
  'SDK v1 client': (cell, target) => tellHere(cell, connectV1(cell.transport, target)),
  'SDK v2 legacy client': (cell, target) => tellHere(cell, connectV2('legacy', cell.transport, target)),
  'SDK v2 modern client': (cell, target) => tellHere(cell, connectV2('modern', cell.transport, target)),
  'Python 1.x client': (cell, target) => tellInPython(1, cell, target),
  'Python 2.x modern client': (cell, target) => tellInPython(2, cell, target),
};

/** Tells the stories of a cell, one after the other on one connection. */
export function outcomesOf(cell: Cell, target: Target): Promise<Outcomes> {
  return TELL_ALL[cell.client](cell, target);
}

async function tellHere(cell: Cell, connecting: Promise<Peer>): Promise<Outcomes> {
  const outcomes = new Map<Story, Outcome>();
  for (const story of storiesOf(cell)) {
    const told = connecting.then((peer) => TELL[story](peer, keyOf(cell)));
    outcomes.set(story, await told.then((said) => ({ said }), failed));
  }
  await connecting.then((peer) => peer.close(), failed);
  return outcomes;
}

async function tellInPython(sdk: PythonSdk, cell: Cell, target: Target): Promise<Outcomes> {
  const { command, args } = wrapperCommand(target);
  const lines = await output({
    command: 'uv',
    args: pythonArgs(sdk, CLIENT_PY, cell.transport, target.url, keyOf(cell), storiesOf(cell).join(), command, ...args),
    env: { TOKEN: target.token },
    timeoutMs: 150_000,
  });
  return new Map(lines.split('\n').map((line) => JSON.parse(line) as [Story, Outcome]));
}

/** What no other cell is called, as a tool may be. */
function keyOf({ client, transport, server }: Cell): string {
  return `${client}-${transport}-${server}`.replaceAll(/\W/g, '_');
}

function failed(error: unknown): Outcome {
  return { error: String(error) };
}
