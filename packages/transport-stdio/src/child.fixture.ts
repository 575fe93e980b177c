/** @module What the tests of real children share. */
import { readFileSync } from 'node:fs';

/** A script that starts a process which ignores everything, and tells its pid in a message. */
export const WITH_GRANDCHILD = `
  const { spawn } = require('node:child_process');
  const stubborn = "process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); console.log('{}')";
  const grandchild = spawn(process.execPath, ['-e', stubborn], { stdio: ['ignore', 'pipe', 'ignore'] });
  grandchild.stdout.once('data', () => console.log(JSON.stringify({ pid: grandchild.pid })));
`;

/** Whether a process runs; a zombie does not. */
export function runs(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== 'linux' || !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false; // no such process
  }
}
