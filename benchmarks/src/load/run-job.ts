/** @module Runs one job: opens clients, keeps each busy, measures between warm-up and end. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Metrics } from '../cells.ts';
import { check, type Clients, idsFrom, type Lane, type Step } from './clients.ts';
import { Histogram } from './histogram.ts';
import { openHttpClients } from './http-clients.ts';
import type { Job } from './job.ts';
import { usageOf } from './process-usage.ts';
import { openStdioClients } from './stdio-clients.ts';

/** Each lane looks into one answer of this many. */
const LOOK_EVERY = 64;

/** How long the last answers may take after the end. */
const LAST_ANSWERS_MS = 20_000;

interface Meter {
  /** Counts while it is there. */
  histogram: Histogram | undefined;
  done: boolean;
}

/**
 * Runs `job`.
 *
 * @throws when any answer is not the one that was asked for: a figure for wrong answers is worse than none.
 */
export async function runJob(job: Job): Promise<Metrics> {
  const { connections } = job;
  const clients = await ('command' in job ? openStdioClients(job, connections) : openHttpClients(job, connections));
  try {
    const { pid, lanes } = clients;
    const meter: Meter = { histogram: undefined, done: false };
    const work = Promise.all(lanes.map((lane, index) => lane.loop(stepOf(job, clients, lane, index, meter))));
    await Promise.race([work, delay(job.warmupMs)]);

    const histogram = new Histogram();
    const before = usageOf(pid);
    const start = performance.now();
    meter.histogram = histogram;
    await Promise.race([work, delay(job.durationMs)]);
    meter.histogram = undefined;
    const seconds = (performance.now() - start) / 1000;
    const after = usageOf(pid);

    meter.done = true;
    await Promise.race([work, tooLate(LAST_ANSWERS_MS)]);
    await clients.leave();
    if (histogram.total === 0) throw new Error(`No answer within ${job.durationMs} ms`);
    return {
      rps: histogram.total / seconds,
      p50Ms: histogram.percentile(0.5),
      p99Ms: histogram.percentile(0.99),
      cpuUs: before && after && (after.cpuUs - before.cpuUs) / histogram.total,
      rssMb: after?.rssMb,
    };
  } finally {
    await clients.close();
  }
}

/** The hot loop: checks an answer, counts it, sends the next request. */
function stepOf(job: Job, clients: Clients, lane: Lane, index: number, meter: Meter): Step {
  const templates = job.calls.map((call) => clients.template(index, call));
  const firstId = idsFrom(index);
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
    lane.capture = sent <= templates.length || sent % LOOK_EVERY === 0;
    sentAt = performance.now();
    return template.before + (firstId + sent) + template.after;
  };
}

async function tooLate(ms: number): Promise<never> {
  await delay(ms, undefined, { ref: false });
  throw new Error(`Some requests got no answer within ${ms / 1000} s`);
}
