/** @module Calls without anything in between, made by a process of its own for each measurement. */
import type { DirectCase, Metrics } from '../cells.ts';
import { launch } from '../launch.ts';
import type { Job } from '../load/job.ts';
import { nodeCommand } from './pinning.ts';
import { ownScript, profiling } from './processes.ts';
import { callTool, type Place, type Target } from './targets.ts';

const LAST_MS = 20_000;

/** Makes ready what calls `origin`. */
export function directTarget(name: DirectCase, { era, core, profileFolder }: Place, origin: string): Target {
  const script = ownScript('load/direct-client.js');
  return {
    case: name,
    reach: { url: origin, era, headers: {}, pid: process.pid },
    profileFolder,
    callFor: callTool(''),
    async measure({ connections, warmupMs, durationMs }: Job) {
      const args = [script, name, origin, connections, warmupMs, durationMs].map(String);
      const [command, line] = nodeCommand([...profiling(profileFolder), ...args], core);
      const client = launch(command, line, { stdio: ['ignore', 'pipe', 'inherit'] }, { withinMs: LAST_MS });
      let output = '';
      client.process.stdout?.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
      await client.ended;
      if (client.process.exitCode !== 0) throw new Error(`${name} failed`);
      return JSON.parse(output) as Metrics;
    },
    stop: async () => {},
  };
}
