import { ForgeError } from '@forge/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../contracts/store.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { createSessionMemory, type SessionMemoryOptions, type StoredSessionMemory } from './session-memory.ts';

const STATE = { logLevel: 'error', uris: ['a://1', 'a://2'] };

let store: Store;
let opened: StoredSessionMemory[];
beforeEach(() => {
  store = createMemoryStore();
  opened = [];
});
afterEach(async () => {
  for (const memory of opened) await memory.close();
  await store.close();
});

function open(options?: SessionMemoryOptions): StoredSessionMemory {
  const memory = createSessionMemory(store, options);
  opened.push(memory);
  return memory;
}

describe('the memory of sessions', () => {
  it('reads in another process what was written', async () => {
    const memory = open();
    memory.save('id', STATE);
    await memory.close();
    expect(await open().load('id')).toEqual(STATE);
    expect(await open().load('other')).toBeUndefined();
  });

  it('reads what is not written yet', async () => {
    const memory = open();
    memory.save('id', STATE);
    expect(await memory.load('id')).toEqual(STATE);
    memory.forget('id');
    expect(await memory.load('id')).toBeUndefined();
    await memory.close();
    expect(await memory.load('id')).toBeUndefined();
  });

  it('keeps the last of many changes, and writes few of them', async () => {
    let puts = 0;
    const { put } = store.sessionStates;
    store.sessionStates.put = (state) => {
      puts += 1;
      return put(state);
    };
    const memory = open();
    for (let n = 0; n < 100; n += 1) memory.save('id', { uris: [`a://${n}`] });
    await memory.close();
    expect(await open().load('id')).toEqual({ uris: ['a://99'] });
    expect(puts).toBeLessThan(3);
  });

  it('takes a change while it writes the one before', async () => {
    const { put } = store.sessionStates;
    const memory = open();
    store.sessionStates.put = async (state) => {
      store.sessionStates.put = put;
      memory.save('id', STATE);
      await put(state);
    };
    memory.save('id', { uris: [] });
    await memory.close();
    expect(await open().load('id')).toEqual(STATE);
  });

  it('does not show the ids of sessions in the store', async () => {
    const ids: string[] = [];
    const { put } = store.sessionStates;
    store.sessionStates.put = (state) => {
      ids.push(state.id);
      return put(state);
    };
    const memory = open();
    memory.save('forge-session.abc', STATE);
    await memory.close();
    expect(ids).toEqual([expect.stringMatching(/^[\w-]{43}$/)]);
  });

  it('deletes at its start what is too old or too much, however much that is', async () => {
    for (let n = 0; n < 1300; n += 1) await store.sessionStates.put({ id: `old${n}`, state: '{}', savedAt: n + 1 });
    const now = Date.now();
    for (let n = 0; n < 3; n += 1) await store.sessionStates.put({ id: `new${n}`, state: '{}', savedAt: now + n });
    await open({ keep: 2 }).close();
    expect(await store.sessionStates.prune({ savedBefore: Infinity, keep: 0, limit: 5000 })).toBe(2);
  });

  it('reports what it cannot write, and says when it cannot read', async () => {
    const errors: unknown[] = [];
    const memory = open({ onError: (error) => errors.push(error) });
    await memory.load('id');
    await store.close();
    memory.save('id', STATE);
    await memory.close();
    expect(errors).toEqual([expect.any(ForgeError)]);
    await expect(memory.load('id')).rejects.toMatchObject({ code: 'overloaded', retryAfter: 1 });
  });
});
