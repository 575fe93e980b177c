import { afterEach, describe, expect, it, vi } from 'vitest';
import { createSessionPool, type PooledSession } from './rpc-link-sessions.ts';

class Session implements PooledSession {
  readonly name: string;
  idle = true;
  closed = false;
  leased = false;

  constructor(name: string) {
    this.name = name;
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}

function pool(maxSessions: number) {
  const opened: Session[] = [];
  const sessions = createSessionPool<Session>({ maxSessions, idleMs: 1000 });
  const use = (key: string) =>
    sessions.use(
      key,
      async () => {
        const session = new Session(key);
        opened.push(session);
        return session;
      },
      async (session) => session,
    );
  return { sessions, opened, use };
}

afterEach(() => {
  vi.useRealTimers();
});

describe('a session pool', () => {
  it('opens one session per key, also for calls at the same time', async () => {
    const { use, opened } = pool(4);
    const [one, two] = await Promise.all([use('a'), use('a')]);
    expect(one).toBe(two);
    await use('b');
    expect(opened.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it('opens another one when the session was closed meanwhile', async () => {
    const { use } = pool(4);
    const first = await use('a');
    first.closed = true;
    expect(await use('a')).not.toBe(first);
  });

  it('opens another one beside one that is leased, as long as there is room', async () => {
    const { use } = pool(2);
    const first = await use('a');
    Object.assign(first, { leased: true, idle: false });
    const second = await use('a');
    expect(second).not.toBe(first);
    expect(await use('a')).toBe(second);
    Object.assign(second, { leased: true, idle: false });
    expect(await use('a')).toBe(first);
    Object.assign(first, { leased: false });
    expect(await use('a')).toBe(first);
  });

  it('makes room by closing the least recently used idle one', async () => {
    const { use } = pool(2);
    const a = await use('a');
    const b = await use('b');
    await use('a');
    await use('c');
    await vi.waitFor(() => expect(b.closed).toBe(true));
    expect(a.closed).toBe(false);
  });

  it('is overloaded when every session is busy', async () => {
    const { use } = pool(1);
    (await use('a')).idle = false;
    await expect(use('b')).rejects.toMatchObject({ code: 'overloaded' });
  });

  it('forgets a session that could not be opened', async () => {
    const { sessions, use } = pool(1);
    const failing = sessions.use(
      'a',
      () => Promise.reject(new Error('no')),
      async (session) => session,
    );
    await expect(failing).rejects.toThrow('no');
    expect((await use('a')).name).toBe('a');
  });

  it('closes what has been idle for long, and then needs no timer', async () => {
    vi.useFakeTimers();
    const { use } = pool(4);
    const idle = await use('a');
    const busy = await use('b');
    busy.idle = false;
    await vi.advanceTimersByTimeAsync(1500);
    expect([idle.closed, busy.closed]).toEqual([true, false]);
    busy.idle = true;
    await vi.advanceTimersByTimeAsync(500);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('closes the sessions that are asked for', async () => {
    const { sessions, use } = pool(4);
    const a = await use('a');
    const b = await use('b');
    await sessions.remove((key) => key === 'a');
    expect([a.closed, b.closed]).toEqual([true, false]);
  });
});
