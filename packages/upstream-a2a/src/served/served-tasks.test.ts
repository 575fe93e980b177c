import { type Message, Role, type StreamResponse, TaskState } from '@a2a-js/sdk';
import { describe, expect, it } from 'vitest';
import { textPart } from '../a2a/parts.ts';
import type { ServedTask } from './served-task.ts';
import { ServedTasks } from './served-tasks.ts';

const { TASK_STATE_COMPLETED: DONE, TASK_STATE_CANCELED: CANCELED } = TaskState;

function messageOf(bytes: number): Message {
  const about = { contextId: '', taskId: '', metadata: undefined, extensions: [], referenceTaskIds: [] };
  return { messageId: 'm', role: Role.ROLE_USER, parts: [textPart('x'.repeat(bytes))], ...about };
}

function begin(tasks: ServedTasks, caller: string, bytes = 1, place = 'server'): ServedTask {
  return tasks.create({ owner: `${place} ${caller}`, caller, contextId: 'c', message: messageOf(bytes) });
}

describe('tasks that hold much', () => {
  const open = () => new ServedTasks({ maxBytes: 100_000 });

  it('are refused while they run, of one owner before all that there is room for is gone', () => {
    const tasks = open();
    begin(tasks, 'alice', 20_000);
    expect(() => begin(tasks, 'alice', 10_000)).toThrow(/Your tasks that are not over hold too much/);
    for (const owner of ['bob', 'carol', 'dave']) begin(tasks, owner, 24_000);
    expect(() => begin(tasks, 'eve', 24_000)).toThrow(/Tasks that are not over hold too much/);
    begin(tasks, 'eve', 1000);
  });

  it('take no answer that is too much', () => {
    const tasks = open();
    const { caller } = begin(tasks, 'alice', 20_000);
    expect(() => tasks.admit(caller, messageOf(10_000))).toThrow(/hold too much/);
    tasks.admit(caller, messageOf(100));
  });

  it('count with their answers', () => {
    const tasks = open();
    const task = begin(tasks, 'alice');
    task.answer(messageOf(24_000));
    expect(() => tasks.admit('alice', messageOf(1000))).toThrow(/hold too much/);
  });

  it('are forgotten when they are over: first those of who has most', () => {
    const tasks = open();
    const old = begin(tasks, 'bob', 10_000);
    old.finish(DONE, []);
    for (let n = 0; n < 20; n += 1) begin(tasks, 'alice', 10_000).finish(DONE, []);
    expect(tasks.find('server bob', old.id)).toBe(old);
    expect(tasks.of('server alice').length).toBeGreaterThan(5);
    expect(tasks.of('server alice').length).toBeLessThan(9);
  });

  it('are forgotten for what comes of others', () => {
    const tasks = open();
    const first = begin(tasks, 'alice', 20_000);
    first.finish(DONE, []);
    begin(tasks, 'alice').finish(DONE, [textPart('y'.repeat(90_000))]);
    expect(tasks.find('server alice', first.id)).toBeUndefined();
  });
});

it('many small tasks of one owner do not push out those of another', () => {
  const tasks = new ServedTasks({ maxTasks: 20 });
  const old = begin(tasks, 'bob');
  old.finish(DONE, []);
  for (let n = 0; n < 100; n += 1) begin(tasks, 'alice').finish(DONE, []);
  expect(tasks.find('server bob', old.id)).toBe(old);
  expect(tasks.of('server alice')).toHaveLength(19);
});

it('the bounds of one caller are the same at all places together', () => {
  const tasks = new ServedTasks({ maxOfOwner: 3, maxBytes: 100_000 });
  for (const place of ['a', 'b', 'c']) begin(tasks, 'alice', 5000, place);
  expect(() => begin(tasks, 'alice', 1, 'd')).toThrow(/You have too many tasks/);
  begin(tasks, 'bob', 20_000, 'a');
  expect(() => begin(tasks, 'bob', 10_000, 'b')).toThrow(/Your tasks that are not over hold too much/);
});

describe('who follows a task', () => {
  const open = () => begin(new ServedTasks({}), 'alice');

  it('and goes is forgotten at once, so that others can', async () => {
    const task = open();
    for (let n = 0; n < 100; n += 1) {
      const gone = new AbortController();
      const events = task.events(gone.signal);
      await events.next();
      const waiting = events.next();
      gone.abort();
      expect(await waiting).toEqual({ done: true, value: undefined });
    }
  });

  it('is one of a few', async () => {
    const task = open();
    const { signal } = new AbortController();
    const following = Array.from({ length: 32 }, () => task.events(signal));
    for (const events of following) await events.next();
    await expect(task.events(signal).next()).rejects.toMatchObject({ code: 'overloaded' });
    await following[0]?.return();
    expect((await task.events(signal).next()).done).toBe(false);
  });

  it('slowly hears of everything but of each step', async () => {
    const task = open();
    const events = task.events(new AbortController().signal);
    await events.next();
    for (let step = 1; step <= 10_000; step += 1) task.progress(`step ${step}`);
    task.cancel();
    const heard: StreamResponse[] = [];
    for await (const event of events) heard.push(event);
    expect(heard.length).toBeLessThan(40);
    expect(JSON.stringify(heard.at(-2))).toContain('step 10000');
    expect(heard.at(-1)?.payload?.value).toMatchObject({ status: { state: CANCELED } });
  });
});
