/** @module Runs one job: opens connections, keeps each busy, measures between warm-up and end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Metrics } from '../cells.ts';
import { Connection, type Step } from './connection.ts';
import { Histogram } from './histogram.ts';
import type { Job } from './job.ts';
import { usageOf } from './process-usage.ts';
import { deleteRequest, FIRST_ID, INITIALIZE, initializedRequest, requestTemplate } from './request.ts';
import type { Response } from './response-reader.ts';

/** Ids that one connection may use before it would meet the next one's. */
const IDS_PER_CONNECTION = 10_000_000;

/** Each connection looks into one answer of this many. */
const LOOK_EVERY = 64;

/** How long the last answers may take after the end. */
const LAST_ANSWERS_MS = 20_000;

interface Meter {
  /** Counts while it is there. */
  histogram: Histogram | undefined;
  done: boolean;
}

/** One client: a connection and, in the legacy era, its session. */
interface Client {
  readonly connection: Connection;
  readonly session: string | undefined;
}

/**
 * Runs `job`.
 *
 * @throws when any answer is not the one that was asked for: a figure for wrong answers is worse than none.
 */
export async function runJob(job: Job): Promise<Metrics> {
  const clients = await Promise.all(Array.from({ length: job.connections }, () => openClient(job)));
  try {
    const meter: Meter = { histogram: undefined, done: false };
    const work = Promise.all(clients.map((client, index) => client.connection.loop(stepOf(job, client, index, meter))));
    await Promise.race([work, delay(job.warmupMs)]);

    const histogram = new Histogram();
    const before = usageOf(job.pid);
    const start = performance.now();
    meter.histogram = histogram;
    await Promise.race([work, delay(job.durationMs)]);
    meter.histogram = undefined;
    const seconds = (performance.now() - start) / 1000;
    const after = usageOf(job.pid);

    meter.done = true;
    await Promise.race([work, tooLate(LAST_ANSWERS_MS)]);
    await Promise.all(clients.map((client) => endSession(job, client)));
    if (histogram.total === 0) throw new Error(`No answer within ${job.durationMs} ms`);
    return {
      rps: histogram.total / seconds,
      p50Ms: histogram.percentile(0.5),
      p99Ms: histogram.percentile(0.99),
      cpuUs: before && after && (after.cpuUs - before.cpuUs) / histogram.total,
      rssMb: after?.rssMb,
    };
  } finally {
    for (const { connection } of clients) connection.close();
  }
}

async function openClient(job: Job): Promise<Client> {
  const connection = await Connection.open(new URL(job.url));
  if (job.era === 'modern') return { connection, session: undefined };
  const { before, after } = requestTemplate(job, INITIALIZE, undefined);
  const answer = await connection.request(before + FIRST_ID + after);
  check(answer, FIRST_ID);
  // A server without sessions sends none: the baselines do not.
  const session = /\r\nmcp-session-id: *(\S+)/i.exec(answer.head)?.[1];
  const noted = await connection.request(initializedRequest(job, session));
  if (noted.status !== 202) throw new Error(`notifications/initialized: ${noted.head}`);
  return { connection, session };
}

async function endSession(job: Job, { connection, session }: Client): Promise<void> {
  if (session !== undefined) await connection.request(deleteRequest(job, session));
}

/** The hot loop: checks an answer, counts it, sends the next request. */
function stepOf(job: Job, { connection, session }: Client, index: number, meter: Meter): Step {
  const templates = job.calls.map((call) => requestTemplate(job, call, session));
  const firstId = FIRST_ID + index * IDS_PER_CONNECTION;
  let sent = 0;
  let sentAt = 0;
  return (previous) => {
    if (previous !== undefined) {
      meter.histogram?.record(performance.now() - sentAt);
      if (previous.status !== 200 || previous.bodyBytes < job.minBytes || previous.body !== undefined)
        check(previous, firstId + sent, job.minBytes, sent <= templates.length);
    }
    if (meter.done) return undefined;
    const template = templates[sent % templates.length];
    if (template === undefined) throw new Error('A job needs a call');
    sent++;
    connection.capture = sent <= templates.length || sent % LOOK_EVERY === 0;
    sentAt = performance.now();
    return template.before + (firstId + sent) + template.after;
  };
}

/** Throws unless `response` is a result for `id`; `whole` looks at all of it. */
function check({ status, bodyBytes, body, head }: Response, id: number, minBytes = 0, whole = true): void {
  const seen = () => `${head}\r\n\r\n${body?.subarray(0, 500).toString() ?? '(body not kept)'}`;
  if (status !== 200 || bodyBytes < minBytes) throw new Error(`Not the answer that was asked for:\n${seen()}`);
  if (body === undefined) return;
  if (!body.includes(`"id":${id}`)) throw new Error(`The answer to ${id} is for another request:\n${seen()}`);
  if (!whole) return;
  const message = JSON.parse(body.toString()) as { id: unknown; result?: { isError?: boolean } };
  if (message.id !== id || message.result === undefined || message.result.isError === true)
    throw new Error(`Not a result:\n${seen()}`);
}

async function tooLate(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`Some requests got no answer within ${ms / 1000} s`);
}
