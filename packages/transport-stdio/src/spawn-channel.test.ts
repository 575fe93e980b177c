import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { runs, WITH_GRANDCHILD } from './child.fixture.ts';
import { type ChildChannel, spawnChannel, type SpawnChannelOptions } from './spawn-channel.ts';

const folder = mkdtempSync(join(tmpdir(), 'spawn-channel-'));
const opened: ChildChannel[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((channel) => channel.close()));
});
afterAll(() => rmSync(folder, { recursive: true }));

let files = 0;
/** Writes a script for Node and returns its path. */
function script(source: string): string {
  files += 1;
  const path = join(folder, `child-${files}.cjs`);
  writeFileSync(path, source);
  return path;
}

/** A child that runs `source`. `next` yields its messages in order, `ended` how it ended. */
async function open(source: string, options: Partial<SpawnChannelOptions> = {}) {
  const channel = await spawnChannel({ command: process.execPath, args: [script(source)], ...options });
  opened.push(channel);
  const queue: string[] = [];
  const waiting: ((message: string) => void)[] = [];
  channel.onMessage = (message) => {
    const taker = waiting.shift();
    if (taker === undefined) queue.push(message);
    else taker(message);
  };
  const ended = new Promise<Error>((resolve) => (channel.onClose = resolve));
  const next = async (): Promise<string> => queue.shift() ?? new Promise((resolve) => waiting.push(resolve));
  return { channel, next, ended };
}

async function goneSoon(pid: number): Promise<void> {
  await expect.poll(() => runs(pid), { timeout: 5000, interval: 20 }).toBe(false);
}

const ECHO = `
  require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => console.log(line));`;

describe('messages', () => {
  it('go both ways, one a line, and the child ends when its stdin does', async () => {
    const { channel, next } = await open(ECHO);
    channel.send('{"text":"é€😀"}');
    expect(await next()).toBe('{"text":"é€😀"}');
    channel.send('{"a":\n1}');
    expect(await next()).toBe('{"a": 1}');
    const start = performance.now();
    await channel.close();
    expect(performance.now() - start).toBeLessThan(1500);
    expect(runs(channel.pid)).toBe(false);
  });

  it('of ten megabytes pass both ways', async () => {
    const { channel, next } = await open(ECHO);
    const message = JSON.stringify({ text: 'é'.repeat(5_000_000) });
    channel.send(message);
    expect((await next()) === message).toBe(true);
  });

  it('survive a byte order mark, CRLF, noise and characters cut in two', async () => {
    const noise: string[] = [];
    const { next } = await open(
      `
      const bytes = Buffer.from('\\uFEFFstarting...\\r\\n[INFO] ready\\r\\n{"text":"€"}\\r\\n');
      let at = 0;
      const timer = setInterval(() => {
        if (at < bytes.length) process.stdout.write(bytes.subarray(at, ++at));
        else clearInterval(timer);
      }, 1);
      process.stdin.resume();`,
      { onNoise: (line) => noise.push(line) },
    );
    expect(await next()).toBe('{"text":"€"}');
    expect(noise).toEqual(['starting...']);
  });

  it('over the bound end the child', async () => {
    const { channel, ended } = await open(`console.log('x'.repeat(2000)); setInterval(() => {}, 1000);`, {
      maxMessageBytes: 1000,
    });
    expect((await ended).message).toContain('sent a message of more than 1000 bytes and was ended');
    await channel.close();
    expect(runs(channel.pid)).toBe(false);
  });

  it('that the child does not read are bounded', async () => {
    const { channel, ended } = await open(`setInterval(() => {}, 1000);`, { maxMessageBytes: 100_000 });
    const message = JSON.stringify({ text: 'x'.repeat(50_000) });
    for (let n = 0; n < 20; n += 1) channel.send(message);
    expect((await ended).message).toContain('left more than 100000 bytes on its stdin unread and was ended');
  });
});

describe('the environment', () => {
  it('holds what was asked for and no secret of ours', async () => {
    process.env.FORGE_TEST_SECRET = 'ours';
    const { next } = await open(
      `const { ASKED, FORGE_TEST_SECRET, PATH } = process.env;
       console.log(JSON.stringify({ ASKED, FORGE_TEST_SECRET, path: PATH !== undefined, cwd: process.cwd() }));
       process.stdin.resume();`,
      { env: { ASKED: 'yes' }, cwd: folder },
    );
    expect(JSON.parse(await next())).toEqual({ ASKED: 'yes', path: true, cwd: folder });
    delete process.env.FORGE_TEST_SECRET;
  });
});

describe('a child that cannot be started', () => {
  it('is told by its name when there is none', async () => {
    await expect(spawnChannel({ command: 'no-such-program-here' })).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: 'Cannot start "no-such-program-here": no such program (ENOENT)',
    });
  });

  it('is told from a missing folder', async () => {
    await expect(spawnChannel({ command: process.execPath, cwd: '/no/such/folder' })).rejects.toThrow(
      'there is no folder "/no/such/folder"',
    );
  });

  it('is told when it is not executable, or no command at all', async () => {
    const path = script('');
    chmodSync(path, 0o644);
    await expect(spawnChannel({ command: path })).rejects.toThrow('it is not executable (EACCES)');
    await expect(spawnChannel({ command: '' })).rejects.toMatchObject({ code: 'upstream_unreachable' });
  });
});

describe('a child that ends unasked', () => {
  it('leaves its exit code and its last words, and what it wrote before is delivered', async () => {
    const stderr: string[] = [];
    const { channel, next, ended } = await open(
      `process.stdin.once('data', () => {
         console.log('{"last":1}');
         console.error('cannot read the key');
         process.exitCode = 3;
         process.stdin.destroy();
       });`,
      { onStderr: (line) => stderr.push(line) },
    );
    channel.send('{"method":"initialize"}');
    expect((await ended).message).toBe(
      `"${process.execPath}" exited with code 3. Its stderr ended:\ncannot read the key`,
    );
    expect(await next()).toBe('{"last":1}');
    expect(stderr).toEqual(['cannot read the key']);
  });

  it('is told of after everything that it wrote', async () => {
    const { channel } = await open(
      `const { writeSync } = require('node:fs');
       for (let n = 0; n < 600; n += 1) writeSync(1, JSON.stringify({ n, text: 'x'.repeat(80) }) + '\\n');
       writeSync(2, 'x'.repeat(60_000) + '\\nthe end');
       process.kill(process.pid, 'SIGKILL');`,
    );
    let messages = 0;
    channel.onMessage = () => (messages += 1);
    const ended = new Promise<Error>((resolve) => (channel.onClose = resolve));
    // Nothing is read before it is dead, so that its exit and its output are found at the same time.
    const deadline = performance.now() + 3000;
    while (runs(channel.pid) && performance.now() < deadline);
    const error = await ended;
    expect(messages).toBe(600);
    expect(error.message).toMatch(/the end$/);
  });

  it('leaves the signal that killed it', async () => {
    const { ended } = await open(`process.kill(process.pid, 'SIGKILL'); setInterval(() => {}, 1000);`);
    expect((await ended).message).toBe(`"${process.execPath}" was killed by SIGKILL`);
  });

  it('survives being written to afterwards', async () => {
    const { channel, ended } = await open('process.exit(1)');
    for (let n = 0; n < 100; n += 1) channel.send(`{"n":${n}}`);
    expect((await ended).message).toContain('exited with code 1');
    channel.send('{}');
    await channel.close();
  });

  it('is ended when it only closes its stdout', async () => {
    const { channel, ended } = await open(
      `require('node:fs').closeSync(1); process.stdin.resume(); setInterval(() => {}, 1000);`,
      { closeGraceMs: 100 },
    );
    expect((await ended).message).toContain('closed its stdout and was ended');
    expect(runs(channel.pid)).toBe(false);
  });

  it('is ended when it only closes its stdin', async () => {
    const { channel, next, ended } = await open(
      `require('node:fs').closeSync(0); console.log('{}'); setInterval(() => {}, 1000);`,
      { closeGraceMs: 100 },
    );
    await next();
    channel.send('{}');
    expect((await ended).message).toContain('closed its stdin and was ended');
  });

  it('takes what it started with it', async () => {
    const { channel, next, ended } = await open(
      `${WITH_GRANDCHILD}\nprocess.stdin.once('data', () => process.exit(0));`,
      { killGraceMs: 100 },
    );
    const { pid } = JSON.parse(await next()) as { pid: number };
    channel.send('{}');
    expect((await ended).message).toContain('exited with code 0');
    await goneSoon(pid);
  });
});

describe('close', () => {
  it('kills a child that ignores the end of its stdin and SIGTERM, within its bounds', async () => {
    const { channel, next } = await open(
      `process.on('SIGTERM', () => console.log('{"signal":"SIGTERM"}')); setInterval(() => {}, 1000);
       console.log('{"ready":1}');`,
      { closeGraceMs: 150, killGraceMs: 150 },
    );
    expect(await next()).toBe('{"ready":1}');
    const start = performance.now();
    await Promise.all([channel.close(), channel.close()]);
    expect(performance.now() - start).toBeGreaterThanOrEqual(300);
    expect(performance.now() - start).toBeLessThan(3000);
    expect(runs(channel.pid)).toBe(false);
  });

  it.each([
    ['that exits by itself', 'process.stdin.resume();'],
    ['that has to be killed', ''],
  ])('ends the grandchildren of a child %s', async (_which, source) => {
    const { channel, next } = await open(WITH_GRANDCHILD + source, { closeGraceMs: 100, killGraceMs: 100 });
    const { pid } = JSON.parse(await next()) as { pid: number };
    expect(runs(pid)).toBe(true);
    await channel.close();
    expect(runs(pid)).toBe(false);
    expect(runs(channel.pid)).toBe(false);
  });

  it('is not reported as an end', async () => {
    const { channel } = await open(ECHO);
    let told = false;
    channel.onClose = () => (told = true);
    await channel.close();
    expect(told).toBe(false);
  });
});
