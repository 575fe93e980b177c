/** @module A process that holds streams open, as it is told over IPC: `subscriptions/listen`, or GET in a session each. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Call, Endpoint } from '../load/job.ts';
import { FIRST_ID, requestTemplate, streamRequest } from '../load/request.ts';
import { HeldStream } from './held-stream.ts';
import { openSessions } from './open-sessions.ts';

/** What a holder is told. */
export type Order =
  | { readonly open: number; readonly endpoint: Endpoint }
  /** How often every stream must have been told of a change, and how long that may take. */
  | { readonly changes: number; readonly withinMs: number }
  | { readonly close: true };

/** What it says when it has done so. */
export interface Report {
  /** Streams that are open. */
  readonly open: number;
  /** Of those, the ones that were told as often as they had to be. */
  readonly told: number;
  /** When the last of them was told, as `Date.now()`. */
  readonly lastAt: number;
  readonly failed?: string;
}

const LISTEN: Call = { method: 'subscriptions/listen', params: { notifications: { toolsListChanged: true } } };
/** Connections that are being opened at one time. */
const OPENING = 64;

let streams: HeldStream[] = [];

async function requestsFor(endpoint: Endpoint, count: number): Promise<string[]> {
  if (endpoint.era === 'legacy')
    return (await openSessions(endpoint, count)).map((session) => streamRequest(endpoint, session));
  const { before, after } = requestTemplate(endpoint, LISTEN, undefined);
  return Array.from({ length: count }, () => before + FIRST_ID + after);
}

async function open(endpoint: Endpoint, count: number): Promise<void> {
  const requests = await requestsFor(endpoint, count);
  const url = new URL(endpoint.url);
  const opening = Array.from({ length: OPENING }, async () => {
    for (let next = requests.pop(); next !== undefined; next = requests.pop())
      streams.push(await HeldStream.open(url, next));
  });
  await Promise.all(opening);
}

function report(changes = 0): Report {
  const lasting = streams.filter(({ lasts }) => lasts);
  const told = lasting.filter((stream) => stream.changes >= changes);
  return { open: lasting.length, told: told.length, lastAt: Math.max(0, ...told.map(({ changedAt }) => changedAt)) };
}

async function follow(order: Order): Promise<Report> {
  if ('open' in order) await open(order.endpoint, order.open);
  else if ('close' in order) {
    for (const stream of streams) stream.close();
    streams = [];
  } else {
    const deadline = Date.now() + order.withinMs;
    while (report(order.changes).told < streams.length && Date.now() < deadline) await delay(20);
    return report(order.changes);
  }
  return report();
}

async function answer(order: Order): Promise<void> {
  try {
    process.send?.(await follow(order));
  } catch (error) {
    process.send?.({ ...report(), failed: String(error) });
  }
}

process.on('message', (order: Order) => void answer(order));
process.once('disconnect', () => process.exit());
