/**
 * @module Ends process trees when we cannot: a process that was killed by SIGKILL runs no handler, and a child may ignore
 * that its stdin has ended. On POSIX one small shell outlives us, told of every tree by a pipe; when the pipe ends it ends
 * what is left. On Windows children are in a job of ours, and the system does it.
 */
import { spawn } from 'node:child_process';
import type { Writable } from 'node:stream';

/**
 * Reads `+ PID` and `- PID`, until the end. Then what is left gets a second to see the end of its stdin, another one after
 * SIGTERM, and SIGKILL. Nothing of anyone's is put into the script, and it needs nothing but a POSIX shell (and `sleep`:
 * without one, nobody gets time).
 */
const SCRIPT = `
trap '' HUP INT TERM
pids=' '
while read -r op pid; do
  case $op in
    +) pids="$pids$pid " ;;
    -) case $pids in *" $pid "*) pids="\${pids%% $pid *} \${pids#* $pid }" ;; esac ;;
  esac
done
send() { some=1; for pid in $pids; do kill -"$1" -"$pid" && some=0; done; return $some; }
wait_gone() { for i in 1 2 3 4 5 6 7 8 9 10; do send 0 || exit 0; sleep 0.1; done; }
exec 2>/dev/null
wait_gone; send TERM; wait_gone; send KILL
`;

const kept = new Set<number>();
let pipe: Writable | undefined;

/** From now on the process group of `pid` does not outlive us. */
export function keep(pid: number): void {
  kept.add(pid);
  if (pipe === undefined) pipe = start();
  else pipe.write(`+ ${pid}\n`);
}

/** The group is gone, and its number may come to belong to others. */
export function release(pid: number): void {
  if (kept.delete(pid)) pipe?.write(`- ${pid}\n`);
}

/** Tells the new keeper of every tree. Where there is no shell, there is no keeper: `exit` handlers still run. */
function start(): Writable | undefined {
  const { PATH = '/usr/bin:/bin' } = process.env;
  const keeper = spawn('/bin/sh', ['-c', SCRIPT], {
    cwd: '/',
    env: { PATH },
    detached: true, // what is sent to our group, as Ctrl-C is, is not for it
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  keeper.on('error', () => {}); // there is no shell: see above
  const stdin = keeper.stdin as Writable | undefined;
  if (stdin === undefined) return undefined; // no more descriptors: the next child tries again
  stdin.on('error', () => {}); // it ended; so says `exit`
  keeper.once('exit', () => {
    if (pipe === stdin) pipe = undefined; // somebody killed it: the next child starts another one
  });
  keeper.unref();
  (stdin as Writable & { unref(): void }).unref(); // a pipe is a socket
  for (const pid of kept) stdin.write(`+ ${pid}\n`);
  return stdin;
}
