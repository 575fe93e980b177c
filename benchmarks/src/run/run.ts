/** @module A whole run: per era the processes are started, every load is put on all of them in turn, and they are ended. */
import {
  type Case,
  type Cell,
  DIRECT,
  type DirectCase,
  type Era,
  FOREIGN,
  type Foreign,
  isResultSize,
  LISTS,
  type Payload,
  RESULT_BYTES,
  type Result,
  type Row,
} from '../cells.ts';
import type { Job } from '../load/job.ts';
import { BRIDGES, startBridge } from './bridges.ts';
import { directTarget } from './direct.ts';
import { startGrpcServer, startGrpcTarget } from './grpc.ts';
import { summarise } from './metrics.ts';
import type { Cores } from './pinning.ts';
import { type LoadGenerator, type ServerProcess, startLoadGenerator } from './processes.ts';
import { printProfile } from './profile.ts';
import { startRestServer, startRestTarget } from './rest.ts';
import { type Field, measureRound } from './round.ts';
import { scratchFolder } from './scratch.ts';
import { type Place, startList, startRaw, startTarget, type Target } from './targets.ts';
import { prepareWrapper, WRAPPERS } from './wrappers.ts';

/** What to measure, and how long. */
export interface Plan {
  readonly cases: readonly Case[];
  readonly eras: readonly Era[];
  readonly concurrencies: readonly number[];
  readonly payloads: readonly Payload[];
  readonly rounds: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Whether to print where the chosen cases spend their time. */
  readonly profile: boolean;
  readonly cores: Cores | undefined;
}

/** What came out. */
export interface RunResult {
  readonly rows: readonly Row[];
  /** One message per thing that could not be measured. */
  readonly failures: readonly string[];
}

/** The part of a job that a payload decides. */
type Load = Pick<Job, 'calls' | 'minBytes'>;

/** Cases that are measured beside the same baselines. The first one always is: the others are compared with it. */
interface Family<C extends Case = Case> {
  readonly cases: readonly C[];
  /** Starts what a case stands for; `upstream` is an origin. */
  start(name: C, place: Place, upstream: string): Promise<Target>;
}

/** Carries out `plan`; `log` gets a line per measurement. */
export async function run(plan: Plan, log: (line: string) => void): Promise<RunResult> {
  const rounds = new Map<string, { cell: Cell; results: Result[] }>();
  const failures: string[] = [];
  const fail = (what: string, error: unknown) => {
    const message = `${what}: ${error instanceof Error ? error.message : String(error)}`;
    failures.push(message);
    log(`not measured: ${message.split('\n', 1)[0]}`);
  };
  const generator = startLoadGenerator(plan.cores?.load);
  try {
    for (const era of plan.eras) {
      const upstream = await startRaw({ era, core: plan.cores?.upstream });
      try {
        await runCalls(era, upstream.origin, {
          cases: ['raw', 'bare', 'gateway', 'gateway-policy'],
          start: startTarget,
        });
        await runCalls(era, upstream.origin, {
          cases: BRIDGES,
          start: (name, where) => startBridge(name, where, plan.cores?.upstream),
        });
        await runCalls(era, upstream.origin, {
          cases: WRAPPERS,
          start: (name, where, origin) => prepareWrapper(name, where, `${origin}/a/mcp`),
        });
        await runList(era, upstream.origin, 'list');
        await runList(era, upstream.origin, 'list-openapi');
        await runForeign(era, upstream.origin);
      } finally {
        await upstream.stop();
      }
    }
  } finally {
    await generator.stop();
  }
  return { rows: [...rounds.values()].map(({ cell, results }) => ({ ...cell, ...summarise(results) })), failures };

  async function runCalls<C extends Case>(era: Era, upstream: string, { cases, start }: Family<C>): Promise<void> {
    const sizes = plan.payloads.filter(isResultSize);
    const names = cases.filter((name, index) => index === 0 || plan.cases.includes(name));
    if (sizes.length === 0 || !cases.some((name) => plan.cases.includes(name))) return;
    const targets = await startAll(era, names, (name) => start(name, place(era, name), upstream));
    const raw = targets.find((target) => target.case === 'raw');
    const bare = targets.find((target) => target.case.startsWith('bare'));
    const others = targets.filter((target) => target !== raw && target !== bare);
    if (targets[0]?.case === cases[0]) {
      for (const size of sizes) {
        const load = (target: Target) => ({ calls: [target.callFor(size)], minBytes: RESULT_BYTES[size] });
        await runLoads(era, size, { raw, bare, others }, load);
      }
    }
    await stopAll(targets);
  }

  async function runList(era: Era, upstream: string, name: keyof typeof LISTS): Promise<void> {
    if (!plan.cases.includes(name) || !plan.payloads.includes(LISTS[name])) return;
    try {
      const { raw, list, calls, minBytes } = await startList(name, place(era, name), upstream);
      log(`${name} ${era}: ${calls.length} page(s), the shortest has ${minBytes} bytes`);
      await runLoads(era, LISTS[name], { raw, others: [list] }, () => ({ calls, minBytes }));
      await stopAll([raw, list]);
    } catch (error) {
      fail(`${name} ${era}`, error);
    }
  }

  /** The gateway before what speaks no MCP, and before the raw responder, and the same calls made directly. */
  async function runForeign(era: Era, upstream: string): Promise<void> {
    const cases = FOREIGN.filter((name) => plan.cases.includes(name));
    if (era !== 'modern' || cases.length === 0 || !plan.payloads.includes('1k')) return;
    const servers: ServerProcess[] = [];
    const startOne = async (start: typeof startGrpcServer): Promise<string> => {
      const server = await start(plan.cores?.upstream);
      servers.push(server);
      return server.origin;
    };
    try {
      const grpc = cases.includes('grpc') ? await startOne(startGrpcServer) : '';
      const rest = cases.some((name) => name !== 'grpc') ? await startOne(startRestServer) : '';
      const originOf = (name: Foreign): string => (name === 'grpc' ? grpc : rest);
      const startForeign = (name: Foreign): Promise<Target> =>
        name === 'grpc' ? startGrpcTarget(place(era, name), grpc) : startRestTarget(name, place(era, name), rest);
      const direct = (name: DirectCase, origin: string): Target => directTarget(name, place(era, name), origin);

      const [raw, gateway] = await startAll(era, ['raw', 'gateway'] as const, (name) =>
        startTarget(name, place(era, name), upstream),
      );
      const directs = cases.map((name) => direct(DIRECT[name], originOf(name)));
      const foreign = await startAll(era, cases, startForeign);
      const others = [gateway, direct('direct-undici', upstream), ...directs, ...foreign].flatMap((it) => it ?? []);
      const load = (target: Target) => ({ calls: [target.callFor('1k')], minBytes: RESULT_BYTES['1k'] });
      await runLoads(era, '1k', { raw, others }, load);
      await stopAll([raw, ...others].flatMap((target) => target ?? []));
    } finally {
      for (const server of servers) await server.stop();
    }
  }

  async function startAll<C extends Case>(era: Era, names: readonly C[], start: (name: C) => Promise<Target>) {
    const targets: Target[] = [];
    for (const name of names) {
      try {
        targets.push(await start(name));
      } catch (error) {
        fail(`${name} ${era}`, error);
      }
    }
    return targets;
  }

  async function stopAll(targets: readonly Target[]): Promise<void> {
    for (const { case: name, reach, profileFolder, stop } of targets) {
      await stop();
      const pid = 'pid' in reach ? reach.pid : undefined;
      if (profileFolder !== undefined) printProfile(`${name} ${reach.era}`, profileFolder, pid);
    }
  }

  function place(era: Era, name: Case): Place {
    const profileFolder = plan.profile && plan.cases.includes(name) ? scratchFolder() : undefined;
    return { era, core: plan.cores?.underTest, profileFolder };
  }

  async function runLoads(era: Era, payload: Payload, field: Field, loadOf: (target: Target) => Load): Promise<void> {
    for (const concurrency of plan.concurrencies) {
      const where = `${era} c=${concurrency} ${payload}`;
      for (let round = 1; round <= plan.rounds; round++) {
        try {
          const results = await measureRound(
            field,
            (target) => measure(generator, target, loadOf(target), concurrency),
            (name, error) => fail(`${name} ${where}`, error),
          );
          for (const [name, result] of results) keep({ case: name, era, concurrency, payload }, result);
        } catch (error) {
          fail(where, error);
        }
      }
    }
  }

  async function measure(generator: LoadGenerator, target: Target, load: Load, connections: number) {
    const { warmupMs, durationMs } = plan;
    const job = { ...target.reach, ...load, connections, warmupMs, durationMs };
    const measured = await (target.measure ?? generator.measure)(job);
    const metrics = { ...measured, startMs: target.startMs };
    const { rps, p50Ms, p99Ms } = metrics;
    const figures = `${Math.round(rps)}/s, p50 ${p50Ms.toFixed(2)} ms, p99 ${p99Ms.toFixed(2)} ms`;
    log(`${target.case} ${job.era} c=${connections} ${job.minBytes} B: ${figures}`);
    return metrics;
  }

  function keep(cell: Cell, result: Result): void {
    const key = JSON.stringify(cell);
    const entry = rounds.get(key) ?? { cell, results: [] };
    entry.results.push(result);
    rounds.set(key, entry);
  }
}
