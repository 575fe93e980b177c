import { errorOutcome, ForgeError, JsonText, type Outcome, resultOutcome, ownRequest, NOBODY } from '@forge/protocol';
import { describe, expect, it, vi } from 'vitest';
import type { Call, Interceptor } from '../contracts/interceptor.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { createAuditTrail } from './audit.ts';
import { createMetrics } from './metrics.ts';
import { observeCalls } from './observe.ts';
import { composePipeline } from './pipeline.ts';

function call(method = 'tools/call'): Call {
  return {
    request: ownRequest(method),
    exchange: NOBODY,
    principal: { id: 'me', admin: false },
    serverId: 's1',
    upstreamId: 'u1',
    itemId: 'i1',
    target: 'x'.repeat(300),
  };
}

const OK = resultOutcome(new JsonText('{"content":[]}'));
const TOOL_ERROR = resultOutcome(new JsonText('{"content":[],"isError":true}'));
const FAILED: Outcome = { era: 'modern', error: { code: -32603, message: 'no' } };
const CANCELLED = errorOutcome(new ForgeError('cancelled'));

describe('the pipeline', () => {
  it('runs interceptors in their order, the first outermost', async () => {
    const seen: string[] = [];
    const tracing =
      (name: string): Interceptor =>
      (next) =>
      async (one) => {
        seen.push(`${name} in`);
        const outcome = await next(one);
        seen.push(`${name} out`);
        return outcome;
      };
    await composePipeline([tracing('a'), tracing('b')], () => Promise.resolve(OK))(call());
    expect(seen).toEqual(['a in', 'b in', 'b out', 'a out']);
  });

  it('turns what an interceptor or the innermost step throws into an error outcome', async () => {
    const outer: Interceptor = (next) => (one) => next(one);
    const throwing: Interceptor = () => () => {
      throw new Error('secret detail');
    };
    const outcome = await composePipeline([outer, throwing], () => Promise.resolve(OK))(call());
    expect(outcome.error).toMatchObject({ code: -32603 });
    expect(outcome.error?.message).not.toContain('secret detail');
  });
});

describe('observers', () => {
  it('see an error where the call threw, and the caller gets it as an outcome', async () => {
    const seen: string[] = [];
    const watching = observeCalls([({ summary }) => seen.push(summary)]);
    const outcome = await composePipeline([watching], () => Promise.reject(new Error('no')))(call());
    expect(outcome.error).toMatchObject({ code: -32603 });
    expect(seen).toEqual(['error']);
  });
});

describe('an outcome in one word', () => {
  const plugin = { plugin: 'guard', reason: 'no' };
  const answered = (code: number, data: object): Outcome => ({
    era: 'modern',
    error: { code, message: 'no', data: JsonText.of(data) },
  });
  it.each([
    ['denied', errorOutcome(new ForgeError('plugin_denied', 'no', { data: plugin }))],
    ['cancelled', CANCELLED],
    ['error', answered(-32003, plugin)],
    ['error', answered(-32800, { code: 'cancelled' })],
    ['ok', resultOutcome(new JsonText('null'))],
    ['ok', resultOutcome(new JsonText('{"isError":tru'))],
  ])('is %s by who made it, not by what an upstream says', async (word, outcome) => {
    const seen: string[] = [];
    const watching = observeCalls([({ summary }) => seen.push(summary)]);
    expect(await composePipeline([watching], () => Promise.resolve(outcome))(call())).toBe(outcome);
    expect(seen).toEqual([word]);
  });
});

describe('metrics', () => {
  it('count calls and failures by method and item', async () => {
    const metrics = createMetrics();
    for (const outcome of [OK, TOOL_ERROR, FAILED, CANCELLED]) {
      await composePipeline([observeCalls([metrics.observe])], () => Promise.resolve(outcome))(call());
    }
    expect(metrics.byMethod().get('tools/call')).toMatchObject({ calls: 4, failures: 2 });
    expect(metrics.byItem().get('i1')).toMatchObject({ calls: 4, failures: 2 });
  });
});

it('what clients make up as methods is neither counted one by one nor kept at full length', async () => {
  const store = createMemoryStore();
  const metrics = createMetrics();
  const trail = createAuditTrail(store);
  const pipeline = composePipeline([observeCalls([metrics.observe, trail.observe])], () => Promise.resolve(FAILED));
  for (let count = 0; count < 3; count += 1) await pipeline(call(`${count}${'m'.repeat(1000)}`));
  await trail.close();
  expect(metrics.byMethod().size).toBe(0);
  expect((await store.audit.list({ limit: 10 })).items.map(({ method }) => method.length)).toEqual([64, 64, 64]);
});

describe('the audit trail', () => {
  it('writes who called what and how it went, newest first', async () => {
    const store = createMemoryStore();
    const trail = createAuditTrail(store);
    for (const outcome of [OK, TOOL_ERROR, FAILED, CANCELLED]) {
      await composePipeline([observeCalls([trail.observe])], () => Promise.resolve(outcome))(call());
    }
    await trail.close();
    const { items } = await store.audit.list({ limit: 10 });
    expect(items.map((item) => item.outcome)).toEqual(['cancelled', 'error', 'tool_error', 'ok']);
    expect(items[1]).toMatchObject({
      principal: 'me',
      method: 'tools/call',
      serverId: 's1',
      upstreamId: 'u1',
      errorCode: -32603,
    });
    expect(items[0]?.target).toHaveLength(256);
  });

  it('drops and counts records when the buffer is full, and never the call', async () => {
    const trail = createAuditTrail(createMemoryStore(), { maxPending: 2, flushMs: 60_000 });
    const pipeline = composePipeline([observeCalls([trail.observe])], () => Promise.resolve(OK));
    for (let count = 0; count < 5; count += 1) expect(await pipeline(call())).toBe(OK);
    expect(trail.lost).toBe(3);
    await trail.close();
  });

  it('keeps no more than so many for a store that does not answer, says so, and ends without it', async () => {
    const store = createMemoryStore();
    let begun = 0;
    const append = () => {
      begun += 1;
      return new Promise<void>(() => {});
    };
    const told: number[] = [];
    const trail = createAuditTrail(
      { ...store, audit: { ...store.audit, append } },
      { maxPending: 3000, flushMs: 5, closeMs: 20, onLost: (count) => told.push(count) },
    );
    const pipeline = composePipeline([observeCalls([trail.observe])], () => Promise.resolve(OK));
    for (let count = 0; count < 5000; count += 1) await pipeline(call());
    expect([trail.lost, begun]).toEqual([2000, 1]);
    await vi.waitFor(() => expect(told).toEqual([2000]));
    await trail.close();
    expect([trail.lost, told]).toEqual([5000, [2000, 3000]]);
  });

  it('survives a store that fails, and counts the loss', async () => {
    const store = createMemoryStore();
    const failing = { ...store, audit: { ...store.audit, append: () => Promise.reject(new Error('disk full')) } };
    const told: unknown[] = [];
    const trail = createAuditTrail(failing, { onLost: (count, cause) => told.push(count, cause) });
    await composePipeline([observeCalls([trail.observe])], () => Promise.resolve(OK))(call());
    await trail.close();
    expect(trail.lost).toBe(1);
    expect(told).toEqual([1, new Error('disk full')]);
  });
});
