/** @module What is told of every cell: one story for each thing that client and server do together. */
import { on, once } from 'node:events';
import { until } from '../harness/until.ts';
import type { Peer } from './clients/peer.ts';
import { NOTE } from './servers/common.ts';

/** How long an event may take. */
const EVENT_MS = 10_000;

/** A story by name: what it comes to when it works. `clients/client.py` tells the same ones. */
export const STORIES = {
  'plain call': 'Echo: hello',
  progress: '1 2 3 done',
  'elicitation in two rounds': 'Ada Lovelace',
  sampling: 'Hello',
  roots: 'file:///home/ada',
  cancel: 'cancelled',
  subscription: NOTE,
  'list change': 'listed',
} as const;

/** Names of stories. */
export type Story = keyof typeof STORIES;

/** Tells a story. `key` is one that no other cell uses. */
export type Tell = (peer: Peer, key: string) => Promise<string>;

/** How each story goes. */
export const TELL: Readonly<Record<Story, Tell>> = {
  'plain call': ({ call }) => call('echo', { text: 'hello' }),
  async progress({ call, events }) {
    const notes = on(events, 'progress', { signal: AbortSignal.timeout(EVENT_MS) });
    const answer = await call('slow_progress', {}, { wantsProgress: true });
    const seen: number[] = [];
    for await (const [progress] of notes) if (seen.push(progress as number) === 3) break;
    return [...seen, answer].join(' ');
  },
  'elicitation in two rounds': ({ call }) => call('ask_twice'),
  sampling: ({ call }) => call('sample'),
  roots: ({ call }) => call('roots'),
  async cancel({ call, events }, key) {
    const gone = new AbortController();
    events.once('progress', () => gone.abort());
    const answer = await call('hang', { key }, { wantsProgress: true, signal: gone.signal }).catch(() => undefined);
    if (answer !== undefined) throw new Error(`A call that was withdrawn answered ${answer}`);
    await until('the server knows', async () => (await call('cancelled_calls')).includes(`"${key}"`));
    return 'cancelled';
  },
  async subscription({ call, events, watchResource }) {
    await watchResource(NOTE);
    const updated = once(events, 'updated', { signal: AbortSignal.timeout(EVENT_MS) });
    const [[uri]] = await Promise.all([updated, call('touch')]);
    return String(uri);
  },
  async 'list change'({ call, events, list, watchTools }, key) {
    await watchTools();
    const changes = on(events, 'tools', { signal: AbortSignal.timeout(EVENT_MS) });
    await call('add_tool', { name: key });
    // Another cell's change may be told first.
    for await (const _ of changes) if ((await list()).includes(key)) return 'listed';
    return 'not listed';
  },
};
