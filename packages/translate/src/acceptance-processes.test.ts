/** @module The acceptance list, numbers 1, 2, 3 and 15: processes, as they are started, as they die and as they are left. */
import { connect } from 'node:net';
import { once } from 'node:events';
import { STDIO_SERVER } from '@forge/testkit';
import { afterEach, describe, expect, it } from 'vitest';
import {
  descendants,
  descriptors,
  killLaunched,
  launch,
  type Launched,
  openSession,
  residentMb,
  runs,
  scripted,
  SHELL_SERVER,
  STUBBORN,
} from './launch.fixture.ts';

afterEach(killLaunched);

const NODE = process.execPath;
const FREE = ['--port', '0'];

function serve(server: readonly string[], ...args: string[]): Launched {
  return launch([...FREE, ...args, '--', ...server]);
}

async function stubbornPids(translate: Launched): Promise<number[]> {
  const session = await openSession(await translate.mcpUrl());
  const pids = (await session.call('pids')).split(' ').map(Number);
  expect(pids.map(runs)).toEqual([true, true]);
  return pids;
}

describe('1: the end', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)(
    'by %s takes a tree that ignores everything with it, within 5 s',
    async (signal) => {
      const translate = serve([NODE, ...STUBBORN]);
      const pids = await stubbornPids(translate);
      const start = performance.now();
      translate.child.kill(signal);
      expect((await translate.exit).code).toBe(0);
      expect(performance.now() - start).toBeLessThan(5000);
      expect(pids.map(runs)).toEqual([false, false]);
    },
  );

  it('by SIGKILL takes such a tree with it too, within 5 s', async () => {
    const translate = serve([NODE, ...STUBBORN]);
    const pids = await stubbornPids(translate);
    translate.child.kill('SIGKILL');
    await expect.poll(() => pids.some(runs), { timeout: 5000, interval: 50 }).toBe(false);
  });

  it('by SIGKILL lets a child that reads its input end by itself', async () => {
    const ending = `process.stdin.once('end', () => require('node:fs').writeSync(2, 'saw the end'));`;
    const translate = serve([NODE, ...scripted('pid: () => process.pid', ending)]);
    const pid = Number(await (await openSession(await translate.mcpUrl())).call('pid'));
    translate.child.kill('SIGKILL');
    await expect.poll(() => runs(pid), { timeout: 900, interval: 20 }).toBe(false);
  });

  it('comes within 5 s while a child that never answers is being started', async () => {
    const translate = serve([NODE, '-e', 'console.error("here " + process.pid); setInterval(() => {}, 1000)']);
    const pid = Number(await translate.saw(/here (\d+)/));
    const start = performance.now();
    translate.child.kill('SIGTERM');
    expect((await translate.exit).code).toBe(0);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(runs(pid)).toBe(false);
  });

  it('comes at once while a child that died waits to be started again', async () => {
    const translate = serve([STDIO_SERVER.command, ...STDIO_SERVER.args]);
    const session = await openSession(await translate.mcpUrl());
    for (let time = 0; time < 4; time += 1) expect(await session.call('crash')).toContain('exited with code 3');
    const waiting = session.call('pid').catch(() => 'cut');
    const start = performance.now();
    translate.child.kill('SIGTERM');
    expect((await translate.exit).code).toBe(0);
    expect(performance.now() - start).toBeLessThan(2500);
    await waiting;
  });
});

describe('2: a child that crashes', () => {
  it.each(['auto', 'per-session', 'shared'])(
    'ends its pending calls with its exit code and last words, and is started again (--child %s)',
    async (child) => {
      const translate = serve([STDIO_SERVER.command, ...STDIO_SERVER.args], '--child', child);
      const session = await openSession(await translate.mcpUrl(), { roots: {} });
      const pending = session.call('sleep', { ms: 60_000 });
      await translate.saw(/sleeping 60000/);
      const crashed = await session.call('crash');
      for (const answer of [crashed, await pending])
        expect(answer).toMatch(/exited with code 3[\s\S]*the disk is on fire/);
      expect(Number(await session.call('pid'))).toBeGreaterThan(0);
    },
  );

  it('is started again later and later', async () => {
    const translate = serve([STDIO_SERVER.command, ...STDIO_SERVER.args]);
    const session = await openSession(await translate.mcpUrl());
    const starts: number[] = [];
    for (let time = 0; time < 4; time += 1) {
      await session.call('crash');
      const begun = performance.now();
      await session.call('pid');
      starts.push(performance.now() - begun);
    }
    expect(starts[0]).toBeGreaterThan(200);
    expect(starts[3]).toBeGreaterThan(1900);
  });

  it('in initialize ends the start with the reason, not after a minute', async () => {
    const crash = `process.stdin.on('data', (data) => String(data).includes('initialize') && (console.error('no disk'), process.exit(7)))`;
    const { code, stderr } = await serve([NODE, '-e', crash]).exit;
    expect(code).toBe(1);
    expect(stderr).toMatch(/exited with code 7[\s\S]*no disk/);
  });
});

describe('3: a thousand clients that leave without a word', () => {
  it.each([
    ['shared', 2],
    ['per-session', 4],
  ])('leave no process, no memory and no descriptor (--child %s)', { timeout: 60_000 }, async (child, most) => {
    const bounds = ['--max-sessions', '50', '--max-children', '2'];
    const translate = serve(SHELL_SERVER, '--child', child, ...bounds);
    const mcpUrl = await translate.mcpUrl();
    const sseUrl = await translate.sseUrl();
    const seen = new Set<string>();
    const cycle = async (index: number): Promise<void> => {
      if (index % 4 === 3) return abandonSse(sseUrl);
      const session = await openSession(mcpUrl);
      let answer = await session.call('pid');
      while (answer.includes('busy')) answer = await session.call('pid');
      seen.add(answer);
      await abandonStream(mcpUrl, session.headers);
    };
    const cycles = async (from: number, to: number): Promise<void> => {
      let next = from;
      const worker = async (): Promise<void> => {
        while (next < to) await cycle(next++);
      };
      await Promise.all(Array.from({ length: 4 }, worker));
    };
    await cycles(0, 500);
    const before = { mb: residentMb(translate.pid), descriptors: descriptors(translate.pid) };
    await cycles(500, 1000);
    await expect
      .poll(() => descriptors(translate.pid), { timeout: 10_000 })
      .toBeLessThanOrEqual(before.descriptors + 12);
    expect(residentMb(translate.pid) - before.mb).toBeLessThan(25);
    // The child that was started first, those of single sessions, and the keeper.
    expect(descendants(translate.pid).length).toBeLessThanOrEqual(most);
    expect(seen.size)[child === 'shared' ? 'toBe' : 'toBeGreaterThan'](child === 'shared' ? 1 : 700);
    const left = descendants(translate.pid);
    translate.child.kill('SIGTERM');
    expect((await translate.exit).code).toBe(0);
    await expect.poll(() => left.filter(runs), { timeout: 1000 }).toEqual([]);
  });
});

/** Opens the standing stream of a session, and is gone. */
async function abandonStream(url: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const fields = { host: `${hostname}:${port}`, accept: 'text/event-stream', ...headers };
  await open(Number(port), `GET ${pathname} HTTP/1.1\r\n${lines(fields)}\r\n`, '200 OK');
}

/** Opens a stream of HTTP+SSE, and is gone. */
async function abandonSse(url: string): Promise<void> {
  const { hostname, port, pathname } = new URL(url);
  const fields = { host: `${hostname}:${port}`, accept: 'text/event-stream' };
  await open(Number(port), `GET ${pathname} HTTP/1.1\r\n${lines(fields)}\r\n`, 'session_id=');
}

async function open(port: number, request: string, mark: string): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  socket.write(request);
  let text = '';
  while (!text.includes(mark)) {
    const [chunk] = (await once(socket, 'data')) as [Buffer];
    text += chunk.toString();
  }
  socket.destroy();
}

function lines(fields: Readonly<Record<string, string>>): string {
  return Object.entries(fields)
    .map(([name, value]) => `${name}: ${value}\r\n`)
    .join('');
}

describe('15: a child that cannot be started', () => {
  it('for want of descriptors fails its own call alone, and can be started once there are some', async () => {
    const server = [NODE, ...scripted('pid: () => process.pid')];
    const args = [...FREE, '--child', 'per-session', '--', ...server];
    const translate = launch(args, process.env, ['/bin/sh', '-c', 'ulimit -n 60; exec "$@"', 'sh']);
    const url = await translate.mcpUrl();
    const { port } = new URL(url);
    const session = await openSession(url);
    const room = 60 - descriptors(translate.pid);
    const sockets = Array.from({ length: room - 3 }, () => connect(Number(port), '127.0.0.1'));
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    await expect.poll(() => descriptors(translate.pid)).toBeGreaterThan(55);
    expect(await session.call('pid')).toMatch(/Cannot start .*EMFILE/);
    for (const socket of sockets) socket.destroy();
    await expect.poll(() => descriptors(translate.pid)).toBeLessThan(40);
    expect(Number(await session.call('pid'))).toBeGreaterThan(0);
  });
});
