/**
 * @module The same call without anything in between: by undici at the raw responder, a REST endpoint or an agent, or by
 * grpc-js at the gRPC server. Answers are taken as bytes. `node direct-client.js CASE ORIGIN CONCURRENCY WARMUP-MS
 * DURATION-MS` prints `Metrics`.
 */
import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { Pool } from 'undici';
import type { DirectCase, Metrics } from '../cells.ts';
import { toolName } from '../servers/fixture.ts';
import { grpcPath, grpcRequest } from '../servers/grpc-fixture.ts';
import { AGENT_PATH, agentCall, ARGUMENTS, restPath } from '../servers/rest-fixture.ts';
import { Histogram } from './histogram.ts';
import { mcpHeaders, mcpParams } from './request.ts';

const [name, origin = '', concurrency, warmupMs, durationMs] = process.argv.slice(2);
const TIMEOUT_MS = 60_000;

const JSON_HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };
const CALLS: Readonly<Record<DirectCase, () => () => Promise<void>>> = {
  'direct-undici': ofMcp,
  'direct-grpc': byGrpc,
  'direct-rest': () => byUndici(restPath('1k'), JSON_HEADERS, JSON.stringify(ARGUMENTS)),
  'direct-a2a': () => byUndici(AGENT_PATH, { ...JSON_HEADERS, 'A2A-Version': '1.0' }, agentCall('1k')),
};

const call = CALLS[name as DirectCase]();
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

function ofMcp(): () => Promise<void> {
  const tool = { method: 'tools/call', params: { name: toolName('1k'), arguments: ARGUMENTS } };
  const headers = mcpHeaders('modern', tool);
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: tool.method, params: mcpParams('modern', tool) });
  return byUndici('/a/mcp', headers, body);
}

function byUndici(path: string, headers: Readonly<Record<string, string>>, body: string): () => Promise<void> {
  const pool = new Pool(origin);
  return async () => {
    const answer = await pool.request({ method: 'POST', path, headers, body });
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
