import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { folder } from '../wrapper.fixture.ts';
import { withFileLock } from './file-lock.ts';

const { signal } = new AbortController();

describe('a lock', () => {
  it('is held by one at a time, and gone afterwards, even when its holder failed', async () => {
    const path = join(folder(), 'deep', 'a.lock');
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      for (let n = 0; n < 5; n += 1) await turn();
      inside -= 1;
      throw new Error('failed');
    };
    const results = await Promise.allSettled(Array.from({ length: 8 }, () => withFileLock(path, signal, work)));
    expect(results.every(({ status }) => status === 'rejected')).toBe(true);
    expect(most).toBe(1);
    expect(existsSync(path)).toBe(false);
  });

  it('of a process that has died is taken by one of those who wait', async () => {
    const path = join(folder(), 'a.lock');
    writeFileSync(path, '999999999 x');
    let inside = 0;
    const work = async () => {
      inside += 1;
      expect(inside).toBe(1);
      for (let n = 0; n < 5; n += 1) await turn();
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 8 }, () => withFileLock(path, signal, work)));
    expect(existsSync(path)).toBe(false);
  });

  it('is waited for no longer than one wants to', async () => {
    const path = join(folder(), 'a.lock');
    writeFileSync(path, `${process.pid} x`);
    const waiting = withFileLock(path, AbortSignal.timeout(150), async () => expect.fail('it is held'));
    await expect(waiting).rejects.toMatchObject({ name: /Timeout|Abort/ });
    expect(existsSync(path)).toBe(true);
  });
});
