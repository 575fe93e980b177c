/** @module Calls by the hundred thousand, some of them cancelled midway: nothing of them stays. */
import type { Era } from '../cells.ts';
import { mcpHeaders, mcpParams } from '../load/request.ts';
import { exactly, type Finding, noLeak, told } from './findings.ts';
import { makeManyCalls } from './make-calls.ts';
import { openSessions } from './open-sessions.ts';
import { startSubject, type Subject } from './subject.ts';
import { until } from './until.ts';

/** Until nothing is compiled any more, and V8 has taken the room that it wants for what is new. After it, RSS grows by the database's page cache, 16 MB at most. */
const WARM_UP = 100_000;
/** Cancelled at one time. */
const BATCH = 100;
const ARRIVED_MS = 10_000;

/** Makes `count` calls, then `cancelled` more that are cancelled once their upstream has them. */
export async function soakCalls(era: Era, count: number, cancelled: number): Promise<readonly Finding[]> {
  const subject = await startSubject(era);
  try {
    await makeManyCalls(subject, WARM_UP);
    await cancelCalls(subject, BATCH);
    const before = await subject.read();
    const since = performance.now();
    await makeManyCalls(subject, count);
    const seconds = (performance.now() - since) / 1000;
    const called = await subject.read();
    await cancelCalls(subject, cancelled);
    const waits = await subject.waits();
    const after = await subject.read();
    return [
      told(`${count} ${era} calls`, `${seconds.toFixed(1)} s`),
      noLeak('heap after them', called.heap, before.heap),
      noLeak('RSS after them', called.rss, before.rss),
      exactly('calls cancelled midway, as their upstream has it', waits.cancelled - BATCH, cancelled),
      exactly('calls that it was left with', waits.waiting, 0),
      noLeak('heap after these', after.heap, before.heap),
      noLeak('RSS after these', after.rss, before.rss),
    ];
  } finally {
    await subject.stop();
  }
}

async function cancelCalls(subject: Subject, count: number): Promise<void> {
  const { era } = subject.endpoint;
  const session = era === 'legacy' ? (await openSessions(subject.endpoint, 1))[0] : undefined;
  for (let done = 0; done < count; done += BATCH) {
    const size = Math.min(BATCH, count - done);
    const calls = Array.from({ length: size }, (_, index) => startWaiting(subject, session, done + index));
    await until(async () => (await subject.waits()).waiting === size, ARRIVED_MS);
    await Promise.all(calls.map((cancel) => cancel()));
    await until(async () => (await subject.waits()).waiting === 0, ARRIVED_MS);
  }
}

/** Starts a call that is not answered. The way to cancel it: by closing the connection, or by a message on another one. */
function startWaiting(subject: Subject, session: string | undefined, id: number): () => Promise<void> {
  const { url, era, headers } = subject.endpoint;
  const connection = new AbortController();
  const post = (message: object, more: Record<string, string>): Promise<unknown> =>
    fetch(url, {
      method: 'POST',
      headers: { ...headers, ...more, ...(session !== undefined && { 'Mcp-Session-Id': session }) },
      body: JSON.stringify({ jsonrpc: '2.0', ...message }),
      signal: connection.signal,
    }).then((response) => response.text());
  const call = subject.call('wait');
  const answer = post({ id, method: call.method, params: mcpParams(era, call) }, mcpHeaders(era, call)).catch(() => {}); // it is cancelled
  return async () => {
    if (era === 'legacy') await post({ method: 'notifications/cancelled', params: { requestId: id } }, mcpHeaders(era));
    connection.abort();
    await answer;
  };
}
