/** @module Whether this machine lets one process have as many connections as a soak wants. */
import { spawnSync } from 'node:child_process';

/** Descriptors that a process needs besides its connections. */
const BESIDES = 500;

/** What is in the way of `connections` at one process, in a sentence; `undefined` where nothing is. */
export function obstacleTo(connections: number): string | undefined {
  // Node takes as many as it may have; the shell says how many that is.
  const { stdout } = spawnSync('sh', ['-c', 'ulimit -Hn'], { encoding: 'utf8' });
  const most = Number.parseInt(stdout, 10); // NaN: unlimited, or a system that has no such limit
  const needed = connections + BESIDES;
  if (Number.isNaN(most) || most >= needed) return undefined;
  return `A process may have ${most} files open (ulimit -Hn), and the gateway needs ${needed}: raise that, or ask for fewer streams.`;
}
