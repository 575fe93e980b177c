/** @module Streams that wait for changes, thousands of them: all are served, all are told, and calls go on meanwhile. */
import { once } from 'node:events';
import type { Era } from '../cells.ts';
import { launch, type Launched } from '../launch.ts';
import { ownScript } from '../run/processes.ts';
import { atMost, exactly, type Finding, kbEach, noLeak, told } from './findings.ts';
import type { Order, Report } from './holder.ts';
import { makeCalls, makeManyCalls } from './make-calls.ts';
import { startSubject, type Subject } from './subject.ts';
import { until } from './until.ts';

const HOLDERS = 2;
const WARM_UP = 2000;
/** Calls that are answered before the change that they may be kept waiting by. */
const CALLS_BEFORE = 20;
const TOLD_MS = 30_000;
/** Seconds after which a legacy session ends whose client has gone, and its standing stream with it. */
const IDLE_S = 30;
/** Idle sessions are looked for as often. */
const CLOSED_MS = (2 * IDLE_S + 15) * 1000;
/** The longest that a call may wait, and that the gateway may be busy at a stretch, while everybody is told. */
const MAX_STALL_MS = 500;

/** Holds `count` streams: `subscriptions/listen` in the modern era, GET in sessions of their own in the legacy one. */
export async function soakListeners(era: Era, count: number): Promise<readonly Finding[]> {
  const what = era === 'modern' ? 'subscriptions' : 'standing streams';
  const subject = await startSubject(era, { MCP_MAX_SESSIONS: String(count + 100), SESSION_TTL: String(IDLE_S) });
  const holders = Array.from({ length: HOLDERS }, startHolder);
  const all = async (order: (index: number) => Order): Promise<Report> =>
    sum(await Promise.all(holders.map((holder, index) => holder.ask(order(index)))));
  try {
    await makeManyCalls(subject, WARM_UP);
    const before = await subject.read();
    const opened = await all((index) => ({ endpoint: subject.endpoint, open: share(count, index) }));
    const during = await subject.read();
    const calls = await callWhile(subject, async () => {
      const since = Date.now();
      await subject.compose(1);
      const reached = await all(() => ({ changes: 1, withinMs: TOLD_MS }));
      return { told: reached.told, ms: reached.lastAt - since };
    });
    const { stallMs } = await subject.read();
    const still = await all(() => ({ changes: 1, withinMs: 0 }));
    await all(() => ({ close: true }));
    await until(async () => (await subject.counts()).listeners === 0, CLOSED_MS);
    return [
      exactly(`${what} opened`, opened.open, count),
      told('one of them, by heap', kbEach(during.heap - before.heap, count)),
      told('one of them, by RSS', kbEach(during.rss - before.rss, count)),
      exactly('told of a change of the list', calls.done.told, count),
      told('from the change until the last was told', `${calls.done.ms} ms`),
      atMost('the longest that the gateway was busy meanwhile', stallMs, MAX_STALL_MS, 'ms'),
      atMost(`the longest of ${calls.answered} calls meanwhile`, calls.longestMs, MAX_STALL_MS, 'ms'),
      exactly('still open then', still.open, count),
      exactly('listeners after all have gone', (await subject.counts()).listeners, 0),
      noLeak('heap then', (await subject.read()).heap, before.heap),
    ];
  } finally {
    await Promise.all(holders.map((holder) => holder.stop()));
    await subject.stop();
  }
}

interface Holder {
  ask(order: Order): Promise<Report>;
  stop: Launched['stop'];
}

function startHolder(): Holder {
  const args = [ownScript('soak/holder.js')];
  const {
    process: child,
    ended,
    stop,
  } = launch(process.execPath, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }, { withinMs: 5000 });
  return {
    async ask(order) {
      const answer = once(child, 'message') as Promise<[Report]>;
      child.send(order);
      const [report] = await Promise.race([answer, ended.then(() => [undefined])]);
      if (report?.failed !== undefined || report === undefined) throw new Error(report?.failed ?? 'A holder ended');
      return report;
    },
    stop,
  };
}

/** Calls one after the other while `action` is on, from before it begins. */
async function callWhile<T>(subject: Subject, action: () => Promise<T>) {
  let calls = 0;
  let begun = (): void => {};
  const first = new Promise<void>((resolve) => (begun = resolve));
  let running = true;
  const calling = makeCalls(subject, 1, () => {
    calls += 1;
    if (calls > CALLS_BEFORE) begun();
    return running;
  });
  try {
    await Promise.race([first, calling]);
    const done = await action();
    running = false;
    return { done, ...(await calling) };
  } finally {
    running = false;
  }
}

function share(count: number, index: number): number {
  return Math.floor((count + index) / HOLDERS);
}

function sum(reports: readonly Report[]): Report {
  return {
    open: reports.reduce((total, { open }) => total + open, 0),
    told: reports.reduce((total, { told }) => total + told, 0),
    lastAt: Math.max(...reports.map(({ lastAt }) => lastAt)),
  };
}
