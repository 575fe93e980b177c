import { ownRequest, NOBODY } from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import type { UpstreamRecord } from '../contracts/model.ts';
import { createPool, type LivePool } from './pool.ts';
import { type Script, script, scriptedAdapter } from './scripted-upstream.fixture.ts';

let pool: LivePool;
afterEach(() => pool.close());

const events: string[] = [];

function start(scripts: Record<string, Script>, checkIntervalMs = 60_000, eraIntervalMs = 86_400_000): void {
  events.length = 0;
  pool = createPool(
    [scriptedAdapter(scripts)],
    {
      async listsRead(id, discovered) {
        const event = `${id} has ${discovered.tools.length}`;
        const changed = events.findLast((one) => one.startsWith(id)) !== event;
        events.push(event);
        return { changed };
      },
      availabilityChanged: () => events.push('availability'),
      resourceUpdated() {},
      taskChanged() {},
      sessionNote() {},
      sessionAsk: () => Promise.resolve({ error: { code: -32600, message: 'nobody' } }),
    },
    { unhealthyThreshold: 2, retryMs: 5, maxRetryMs: 20, checkIntervalMs, eraIntervalMs },
  );
}

function record(id: string, url: string, extra: Partial<UpstreamRecord> = {}): UpstreamRecord {
  return {
    id,
    name: id,
    slug: id,
    description: '',
    transport: 'streamable-http',
    url,
    headers: [],
    era: 'auto',
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    owner: 'me',
    enabled: true,
    visibility: 'public',
    tags: [],
    ...extra,
  };
}

async function until(check: () => boolean): Promise<void> {
  while (!check()) await new Promise((resolve) => setTimeout(resolve, 2));
}

describe('the upstream pool', () => {
  it('takes over the connection that registering made', async () => {
    const one = script(['a', 'b', 'c']);
    start({ x: one });
    expect((await pool.discover(record('u', 'x'))).tools.map((tool) => tool.name)).toEqual(['a', 'b', 'c']);
    await pool.sync([record('u', 'x')]);
    expect(one.connects).toBe(1);
    expect(pool.status('u')).toMatchObject({ state: 'connected', era: 'modern', protocolVersion: '2026-07-28' });
  });

  it('keeps nothing of an upstream that cannot be reached when it is registered', async () => {
    const one = script([], { down: true });
    start({ x: one });
    await expect(pool.discover(record('u', 'x'))).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(one.closed).toBe(1);
    expect(pool.size).toBe(0);
  });

  it('skips items it cannot offer, and says which and why', async () => {
    const one = script(['good']);
    one.tools.push({ name: 'no schema' }, { name: '', inputSchema: {} });
    start({ x: one });
    const { tools, skipped } = await pool.discover(record('u', 'x'));
    expect(tools.map((tool) => tool.name)).toEqual(['good']);
    expect(skipped).toEqual([
      { kind: 'tools', name: 'no schema', reason: '"inputSchema" is not an object' },
      { kind: 'tools', name: '', reason: '"name" must have 1 to 2048 characters' },
    ]);
  });

  it('stops following an upstream that repeats a cursor', async () => {
    const one = script(['a', 'b']);
    one.pageSize = 0; // every page is empty and names itself as the next
    start({ x: one });
    const { skipped } = await pool.discover(record('u', 'x'));
    expect(skipped.map((item) => item.reason)).toContain('the list was cut: the upstream repeats a cursor');
  });

  it('comes back by itself after an outage, and reads the lists anew', async () => {
    const one = script(['a'], { down: true });
    start({ x: one });
    await pool.sync([record('u', 'x')]);
    await until(() => pool.status('u').state === 'unreachable');
    expect(pool.status('u').error).toMatchObject({ code: 'upstream_unreachable', message: 'connection refused' });
    one.tools.push({ name: 'b', inputSchema: {} });
    one.down = false;
    await until(() => pool.status('u').state === 'connected');
    await until(() => events.includes('u has 2'));
    expect(events.filter((event) => event === 'availability')).toHaveLength(2);
  });

  it('answers calls to an upstream that is out with an error that says since when, and tries it again', async () => {
    const one = script(['a'], { down: true });
    start({ x: one });
    await pool.sync([record('u', 'x')]);
    await until(() => pool.status('u').state === 'unreachable');
    const managed = pool.get('u');
    const outcome = await managed?.call(ownRequest('tools/call', { name: 'a' }), NOBODY);
    expect(outcome?.error?.message).toMatch(
      /^The gateway "u" has been unreachable since \d{4}-.*: The upstream cannot be reached$/,
    );
  });

  it('tells operators why an upstream is out, and not callers: a child may have written secrets', async () => {
    const one = script(['a'], { down: true });
    start({ x: one });
    await pool.sync([record('u', 'x')]);
    await until(() => pool.status('u').state === 'unreachable');
    expect(pool.status('u').error?.message).toBe('connection refused');
    expect(pool.get('u')?.outage()?.message).toBe('The upstream cannot be reached');
  });

  it.each(['{"tools":[{"name":"t","inputSchema":{"a":[}}]}', '{"tools":[{"name":"t","inputSchema":{}},x]}'])(
    'takes nothing from a list that is no JSON: %s',
    async (text) => {
      start({ x: script([], { toolsText: text }) });
      await expect(pool.discover(record('u', 'x'))).rejects.toMatchObject({ code: 'upstream_error' });
    },
  );

  it('skips names that no store can keep, and reports a thousand items at most', async () => {
    const one = script(['good'], { pageSize: 5000 });
    for (const name of ['\ud800', 'a\0b']) one.tools.push({ name, inputSchema: {} });
    for (let count = 0; count < 2000; count += 1) one.tools.push({ name: `bad${count}` });
    start({ x: one });
    const { tools, skipped } = await pool.discover(record('u', 'x'));
    expect(tools.map((tool) => tool.name)).toEqual(['good']);
    expect(skipped[0]?.reason).toBe('"name" has characters that are no text');
    expect(skipped[1]?.reason).toBe('"name" has characters that are no text');
    expect(skipped).toHaveLength(1000);
  });

  it('pings an upstream that was silent for too long, and finds out that it is gone', async () => {
    const one = script(['a']);
    start({ x: one }, 20);
    await pool.sync([record('u', 'x')]);
    await until(() => pool.status('u').state === 'connected');
    one.down = true;
    await until(() => pool.status('u').state === 'unreachable');
    expect(one.calls.some((call) => call.method === 'server/discover')).toBe(true);
  });

  it('asks a server that was found to be a legacy one again in time, and has the new era when it changed', async () => {
    const one = script(['a'], { era: 'legacy' });
    start({ x: one }, 20, 1);
    await pool.sync([record('u', 'x')]);
    await until(() => pool.status('u').state === 'connected');
    const { detectedAt = Infinity } = pool.status('u');
    await until(() => (pool.status('u').detectedAt ?? 0) > detectedAt);
    expect(pool.status('u').era).toBe('legacy');
    one.era = 'modern';
    await until(() => pool.status('u').era === 'modern');
    const { looks } = one;
    await pool.discover(record('u', 'x'));
    expect(one.looks).toBe(looks);
  });

  it('asks it at once where somebody wants its lists read anew, and not where it says that they have changed', async () => {
    const one = script(['a'], { era: 'legacy' });
    start({ x: one });
    await pool.sync([record('u', 'x')]);
    await until(() => events.length === 1);
    one.events?.listChanged('tools');
    await until(() => events.length === 2);
    expect(one.looks).toBe(0);
    one.era = 'modern';
    expect((await pool.discover(record('u', 'x'))).info.era).toBe('modern');
  });

  it('takes no failure to ask for evidence of the era', async () => {
    const one = script(['a'], { era: 'legacy' });
    start({ x: one });
    await pool.sync([record('u', 'x')]);
    await until(() => events.length === 1);
    const { detectedAt } = pool.status('u');
    one.down = true;
    await expect(pool.discover(record('u', 'x'))).rejects.toMatchObject({ code: 'upstream_unreachable' });
    expect(pool.status('u')).toMatchObject({ era: 'legacy', detectedAt });
    expect(one.looks).toBe(1);
  });

  it('reads a changed list at once, and believes an upstream less that reports changes where there are none', async () => {
    const one = script(['a']);
    start({ x: one });
    await pool.sync([record('u', 'x')]);
    await until(() => events.length === 1);
    // It says so again after each reading, as some servers do.
    const loop = setInterval(() => one.events?.listChanged('tools'), 1);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    clearInterval(loop);
    expect(events.length).toBeGreaterThan(2);
    expect(events.length).toBeLessThan(8); // 20 without the growing pause
    one.tools.push({ name: 'b', inputSchema: {} });
    one.events?.listChanged('tools');
    await until(() => events.includes('u has 2'));
  });

  it('closes what is gone, and reconnects what is reached another way', async () => {
    const one = script(['a']);
    const two = script(['b']);
    start({ x: one, y: two });
    await pool.sync([record('u', 'x')]);
    await pool.sync([record('u', 'x', { description: 'new words, same way' })]);
    expect(one.closed).toBe(0);
    await pool.sync([record('u', 'y')]);
    expect([one.closed, two.closed]).toEqual([1, 0]);
    await pool.sync([]);
    expect(two.closed).toBe(1);
    expect(pool.status('u').state).toBe('disabled');
  });
});
