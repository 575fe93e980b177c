/**
 * @module The same call without anything in between: by undici at the raw responder, or by grpc-js at the gRPC server. Answers
 * are taken as bytes. `node direct-client.js undici|grpc ORIGIN CONCURRENCY WARMUP-MS DURATION-MS` prints `Metrics`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { Pool } from 'undici';
import type { Metrics } from '../cells.ts';
import { toolName } from '../servers/fixture.ts';
import { grpcPath, grpcRequest } from '../servers/grpc-fixture.ts';
import { Histogram } from './histogram.ts';
import { mcpHeaders, mcpParams } from './request.ts';

const [by, origin = '', concurrency, warmupMs, durationMs] = process.argv.slice(2);
const TIMEOUT_MS = 60_000;
/** What all tools here are called with. */
const ARGUMENTS = { query: 'the quick brown fox', limit: 10 };

const call = by === 'grpc' ? byGrpc() : byUndici();
const meter: { histogram: Histogram | undefined; done: boolean } = { histogram: undefined, done: false };
const loops = Promise.all(Array.from({ length: Number(concurrency) }, loop));
await Promise.race([loops, delay(Number(warmupMs))]);
const counted = new Histogram();
const before = process.cpuUsage();
const start = performance.now();
meter.histogram = counted;
await Promise.race([loops, delay(Number(durationMs))]);
meter.histogram = undefined;
const seconds = (performance.now() - start) / 1000;
const { user, system } = process.cpuUsage(before);
meter.done = true;
await loops;
const metrics: Metrics = {
  rps: counted.total / seconds,
  p50Ms: counted.percentile(0.5),
  p99Ms: counted.percentile(0.99),
  cpuUs: (user + system) / counted.total,
  rssMb: process.memoryUsage.rss() / 2 ** 20,
};
process.stdout.write(`${JSON.stringify(metrics)}\n`, () => process.exit());

async function loop(): Promise<void> {
  while (!meter.done) {
    const sentAt = performance.now();
    await call();
    meter.histogram?.record(performance.now() - sentAt);
  }
}

function byUndici(): () => Promise<void> {
  const pool = new Pool(origin);
  const tool = { method: 'tools/call', params: { name: toolName('1k'), arguments: ARGUMENTS } };
  const headers = mcpHeaders('modern', tool);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: tool.method, params: mcpParams('modern', tool) });
  return async () => {
    const answer = await pool.request({ method: 'POST', path: '/a/mcp', headers, body });
    if (answer.statusCode !== 200) throw new Error(`HTTP ${answer.statusCode}`);
    await answer.body.text();
  };
}

function byGrpc(): () => Promise<void> {
  const client = new Client(new URL(origin).host, credentials.createInsecure());
  const metadata = new Metadata();
  const request = grpcRequest();
  const same = (bytes: Buffer): Buffer => bytes;
  const path = grpcPath('1k');
  return () =>
    new Promise((resolve, reject) => {
      const options = { deadline: Date.now() + TIMEOUT_MS };
      client.makeUnaryRequest(path, same, same, request, metadata, options, (error) =>
        error === null ? resolve() : reject(error),
      );
    });
}
