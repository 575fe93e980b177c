/** @module CPU time and memory of another process, from Linux's `/proc`. */
import { readFileSync } from 'node:fs';

/** Linux reports CPU time to user space in hundredths of a second, whatever the kernel's own tick is. */
const US_PER_TICK = 10_000;

/** What a process has used so far. */
export interface Usage {
  /** User and system time of all threads, in microseconds. */
  readonly cpuUs: number;
  /** Resident memory now, in 2^20 bytes. */
  readonly rssMb: number;
}

/** What process `pid` has used; `undefined` on systems without `/proc`. */
export function usageOf(pid: number): Usage | undefined {
  if (process.platform !== 'linux') return undefined;
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The command's name, in parentheses, may contain anything; utime and stime are the 12th and 13th field behind it.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const rssKb = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { cpuUs: (Number(fields[11]) + Number(fields[12])) * US_PER_TICK, rssMb: Number(rssKb) / 1024 };
}
