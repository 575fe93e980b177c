import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runs, WITH_GRANDCHILD } from './child.fixture.ts';
import { endTree } from './process-tree.ts';

const folder = mkdtempSync(join(tmpdir(), 'process-tree-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A process of ours with a stubborn child, which then meets its end. Resolves with the pids of child and grandchild. */
async function parentThat(end: string): Promise<number[]> {
  const child = join(folder, 'child.cjs');
  writeFileSync(child, `process.on('SIGTERM', () => {}); setInterval(() => {}, 1000);${WITH_GRANDCHILD}`);
  const source = join(folder, 'parent.mjs');
  writeFileSync(
    source,
    `import { spawn } from 'node:child_process';
     import { keep, release } from ${JSON.stringify(new URL('keeper.ts', import.meta.url).href)};
     import { killAtExit } from ${JSON.stringify(new URL('process-tree.ts', import.meta.url).href)};
     const child = spawn(process.execPath, [${JSON.stringify(child)}], { detached: true });
     killAtExit(child, process.platform);
     child.stdout.once('data', (message) => {
       process.stdout.write(child.pid + ' ' + JSON.parse(message).pid, () => { ${end} });
     });`,
  );
  const parent = spawn(process.execPath, [source], { stdio: ['ignore', 'pipe', 'ignore'] });
  const exited = once(parent, 'close');
  let text = '';
  parent.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
  await exited;
  return text.split(' ').map(Number);
}

it.each([
  ['process.exit', 'process.exit(0)'],
  ['an uncaught exception', `throw new Error('boom')`],
  ['SIGKILL', `process.kill(process.pid, 'SIGKILL')`],
])('the end of our own process by %s ends stubborn children and grandchildren', async (_how, end) => {
  const pids = await parentThat(end);
  expect(pids).toHaveLength(2);
  for (const pid of pids) await expect.poll(() => runs(pid), { timeout: 5000, interval: 20 }).toBe(false);
});

it('by SIGKILL leaves alone what is not a child any more', async () => {
  const [pid = 0, ended = 0] = await parentThat(`
    const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { detached: true, stdio: 'ignore' });
    keep(other.pid);
    release(other.pid);
    process.stdout.write(' ' + other.pid, () => process.kill(process.pid, 'SIGKILL'));`).then((pids) => [
    pids[0],
    pids.at(-1),
  ]);
  await expect.poll(() => runs(pid), { timeout: 5000, interval: 20 }).toBe(false);
  expect(runs(ended)).toBe(true);
  process.kill(ended, 'SIGKILL');
});

it.skipIf(process.platform === 'win32')('on Windows a tree is ended by taskkill', async () => {
  const log = join(folder, 'log');
  writeFileSync(join(folder, 'taskkill'), `#!/bin/sh\necho "$@" > ${log}\nkill -9 $2\n`, { mode: 0o755 });
  const { PATH } = process.env;
  process.env.PATH = `${folder}:${PATH}`;
  try {
    const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)']);
    await once(child, 'spawn');
    const exited = once(child, 'exit');
    await endTree(child, 0, 'win32');
    await exited;
    expect(readFileSync(log, 'utf8').trim()).toBe(`/pid ${child.pid} /T /F`);
    rmSync(log);
    await endTree(child, 0, 'win32');
    expect(() => readFileSync(log)).toThrow('ENOENT'); // its id may belong to another process by now
  } finally {
    process.env.PATH = PATH;
  }
});
