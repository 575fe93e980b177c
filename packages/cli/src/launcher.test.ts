import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { findLaunchers, type ProcessEntry, watchLaunchers } from './launcher.ts';

function among(processes: Record<number, ProcessEntry>): (pid: number) => ProcessEntry | undefined {
  return (pid) => processes[pid];
}

describe('findLaunchers', () => {
  it('finds npx, and the shell that it puts in between', () => {
    const look = among({
      30: { name: 'sh', parent: 20 },
      20: { name: 'npm exec @forge', parent: 10 },
      10: { name: 'bash', parent: 5 },
      5: { name: 'sshd', parent: 1 },
    });
    expect(findLaunchers(30, look)).toEqual([30, 20]);
  });

  it('finds pnpm below npx', () => {
    const look = among({
      40: { name: 'sh', parent: 30 },
      30: { name: 'pnpm', parent: 20 },
      20: { name: 'npm exec pnpm@1', parent: 10 },
      10: { name: 'zsh', parent: 1 },
    });
    expect(findLaunchers(40, look)).toEqual([40, 30, 20]);
  });

  it('finds none in an interactive shell, below another program, or for a parent that is gone', () => {
    const look = among({
      10: { name: 'bash', parent: 5 },
      5: { name: 'sshd', parent: 1 },
      7: { name: 'node', parent: 1 },
    });
    expect(findLaunchers(10, look)).toEqual([]);
    expect(findLaunchers(7, look)).toEqual([]);
    expect(findLaunchers(99, look)).toEqual([]);
    expect(findLaunchers(1, look)).toEqual([]);
  });

  it('ends when processes name each other as parents', () => {
    expect(
      findLaunchers(2, among({ 2: { name: 'npm', parent: 3 }, 3: { name: 'npm', parent: 2 } })).length,
    ).toBeLessThan(9);
  });
});

describe('watchLaunchers', () => {
  it('notices a launcher that was killed', async () => {
    const launcher = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
    await once(launcher, 'spawn');
    const gone = new Promise<void>((resolve) => watchLaunchers(resolve, [launcher.pid as number]));
    launcher.kill('SIGKILL');
    await once(launcher, 'exit');
    await gone;
  });
});
