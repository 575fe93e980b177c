/** @module Calls that are answered, one after the other on each of a few connections. */
import { check, idsFrom, type Lane, request } from '../load/clients.ts';
import { openHttpClients } from '../load/http-clients.ts';
import type { Subject } from './subject.ts';

/** Ids that opening a client may have used. */
const RESERVED = 100;

/** Makes calls until `more` says that it is enough. How many, and the longest that one took. */
export async function makeCalls(
  subject: Subject,
  connections: number,
  more: () => boolean,
): Promise<{ readonly answered: number; readonly longestMs: number }> {
  const clients = await openHttpClients({ ...subject.endpoint, pid: subject.server.pid }, connections);
  const call = subject.call('echo');
  let answered = 0;
  let longestMs = 0;
  const keepCalling = async (lane: Lane, index: number): Promise<void> => {
    const { before, after } = clients.template(index, call);
    for (let id = idsFrom(index) + RESERVED; more(); id += 1) {
      const since = performance.now();
      check(await request(lane, before + id + after), id);
      longestMs = Math.max(longestMs, performance.now() - since);
      answered += 1;
    }
  };
  try {
    await Promise.all(clients.lanes.map(keepCalling));
    await clients.leave();
  } finally {
    await clients.close();
  }
  return { answered, longestMs };
}

/** Makes `count` calls, 32 at a time. */
export async function makeManyCalls(subject: Subject, count: number): Promise<void> {
  let left = count;
  await makeCalls(subject, Math.min(count, 32), () => left-- > 0);
}
