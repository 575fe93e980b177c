import {
  type Client,
  type Endpoint,
  errorOutcome,
  type ExchangeRequest,
  ForgeError,
  JsonText,
  NOBODY,
  type Outcome,
  resultOutcome,
  TASKS_EXTENSION,
} from '@forge/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Interceptor } from '../contracts/interceptor.ts';
import type { Principal } from '../contracts/principal.ts';
import { createForge, type Forge } from '../create-forge.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { type CallObserver, observeCalls } from '../pipeline/observe.ts';
import { createSealer } from '../registry/sealer.ts';
import { type Script, script, scriptedAdapter } from '../upstreams/scripted-upstream.fixture.ts';

const ALICE: Principal = { id: 'alice@example.com', admin: true };
const BOB: Principal = { id: 'bob@example.com', admin: true };
const GUEST: Principal = { id: 'guest@example.com', admin: false };
const SECRET = 'a secret of at least thirty-two characters';
const CAPABILITIES = { extensions: { [TASKS_EXTENSION]: {} } };

/** What an upstream says to every call: a task of the same id, `1`. */
function answer({ method, target }: ExchangeRequest): Outcome {
  if (method === 'tools/call')
    return resultOutcome(new JsonText('{"resultType":"task","taskId":"1","big":1.0,"status":"working"}'));
  if (method !== 'tasks/get') return resultOutcome(new JsonText('{"resultType":"complete"}'));
  if (target !== '1') return errorOutcome(new ForgeError('invalid_params', 'upstream: unknown'));
  return resultOutcome(
    new JsonText('{"resultType":"complete","taskId":"1","status":"input_required","inputRequests":{"q":{"n":1.0}}}'),
  );
}

const withTasks = (): Script => script(['run'], { answer, capabilities: CAPABILITIES });

let forge: Forge;
const store = () => createMemoryStore();
afterEach(() => forge.close());

/** Starts a Forge over these upstreams, by name; the ids of what it registers anew. */
async function start(
  scripts: Record<string, Script>,
  { kept = store(), secret = SECRET, interceptors = [] as Interceptor[] } = {},
): Promise<Record<string, string>> {
  const byUrl = Object.fromEntries(Object.entries(scripts).map(([name, one]) => [`http://${name}/mcp`, one]));
  forge = await createForge({
    store: kept,
    sealer: createSealer(secret),
    adapters: [scriptedAdapter(byUrl)],
    interceptors,
  });
  const ids: Record<string, string> = {};
  if (forge.catalog.snapshot.upstreams.size > 0) return ids;
  for (const name of Object.keys(scripts)) {
    ids[name] = (await forge.registry.upstreams.create(ALICE, { name, url: `http://${name}/mcp` })).id;
  }
  return ids;
}

function at(serverId: string | undefined, principal: Principal): Endpoint {
  const endpoint = forge.endpoint(serverId, principal);
  if (!endpoint) throw new Error('no endpoint');
  return endpoint;
}

function clientOf(caller: Principal, capabilities: object = CAPABILITIES, era: Client['era'] = 'modern'): Client {
  return { era, protocolVersion: '2026-07-28', caller, capabilities: JsonText.of(capabilities) };
}

function call(
  method: string,
  params: Record<string, unknown>,
  client = clientOf(ALICE),
  serverId?: string,
): Promise<Outcome> {
  const target = String(params['name'] ?? params['taskId']);
  return at(serverId, client.caller as Principal).handle(
    { method, params: JsonText.of(params), target, client },
    NOBODY,
  );
}

async function newTask(name: string, principal = ALICE, serverId?: string): Promise<string> {
  const { result } = await call('tools/call', { name }, clientOf(principal), serverId);
  return result?.member('taskId')?.value as string;
}

const UNKNOWN = { code: -32602, message: expect.stringMatching(/^Unknown task/) as string };

describe('a task', () => {
  it('gets an id of our own, good in a header, and nothing else of it changes', async () => {
    await start({ git: withTasks() });
    const { result } = await call('tools/call', { name: 'git-run' });
    const id = result?.member('taskId')?.value as string;
    expect(id).toMatch(/^[\w.-]{60,250}$/);
    expect(result?.text).toBe(`{"resultType":"task","taskId":"${id}","big":1.0,"status":"working"}`);
    expect(await newTask('git-run')).not.toBe(id);
  });

  it('is asked about at its own upstream by its own id, though another has one of that id', async () => {
    const [git, time] = [withTasks(), withTasks()];
    await start({ git, time });
    const taskId = await newTask('time-run');
    const { result } = await call('tasks/get', { taskId });
    expect(result?.text).toBe(
      `{"resultType":"complete","taskId":"${taskId}","status":"input_required","inputRequests":{"q":{"n":1.0}}}`,
    );
    expect(time.calls.at(-1)).toMatchObject({ method: 'tasks/get', target: '1' });
    expect(time.calls.at(-1)?.params?.text).toBe('{"taskId":"1"}');
    expect(git.calls.map(({ method }) => method)).not.toContain('tasks/get');
  });

  it('takes the answers to its questions, to the character', async () => {
    const git = withTasks();
    await start({ git });
    const taskId = await newTask('git-run');
    const params = new JsonText(`{"inputResponses":{"q":{"n":1.0}},"taskId":"${taskId}"}`);
    const client = clientOf(ALICE);
    const outcome = await at(undefined, ALICE).handle(
      { method: 'tasks/update', params, target: taskId, client },
      NOBODY,
    );
    expect(outcome.result?.text).toBe('{"resultType":"complete"}');
    expect(git.calls.at(-1)?.params?.text).toBe('{"inputResponses":{"q":{"n":1.0}},"taskId":"1"}');
  });

  it('is known to a gateway that was started anew, and to none with another secret', async () => {
    const kept = store();
    await start({ git: withTasks() }, { kept });
    const taskId = await newTask('git-run');
    await forge.close();
    await start({ git: withTasks() }, { kept });
    expect((await call('tasks/get', { taskId })).result?.member('taskId')?.value).toBe(taskId);
    await forge.close();
    await start({ git: withTasks() }, { kept, secret: `another ${SECRET}` });
    expect((await call('tasks/get', { taskId })).error).toMatchObject(UNKNOWN);
  });

  it('passes on what its upstream says of an id that it has forgotten', async () => {
    const git = withTasks();
    await start({ git });
    const taskId = await newTask('git-run');
    git.answer = () => ({ era: 'modern', error: { code: -32602, message: 'Task has expired' } });
    expect((await call('tasks/get', { taskId })).error).toEqual({ code: -32602, message: 'Task has expired' });
  });

  it.each([
    ['no string', '7'],
    ['too long', JSON.stringify('x'.repeat(1025))],
    ['not there', undefined],
  ])('whose id is %s is a failure of its upstream', async (_what, taskId) => {
    const result = new JsonText('{"resultType":"task"}').with(taskId === undefined ? {} : { taskId });
    await start({ git: script(['run'], { capabilities: CAPABILITIES, answer: () => resultOutcome(result) }) });
    expect((await call('tools/call', { name: 'git-run' })).error).toMatchObject({ code: -32603 });
  });
});

describe('the id of a task', () => {
  it.each(['tasks/get', 'tasks/update', 'tasks/cancel'])('is unknown to %s of another principal', async (method) => {
    const git = withTasks();
    await start({ git });
    const taskId = await newTask('git-run');
    const calls = git.calls.length;
    expect((await call(method, { taskId }, clientOf(BOB))).error).toMatchObject(UNKNOWN);
    expect(git.calls).toHaveLength(calls);
    expect((await call(method, { taskId })).error).toBeUndefined();
  });

  it('is unknown at another endpoint, over one upstream or several', async () => {
    const { git = '' } = await start({ git: withTasks() });
    const single = (await forge.registry.servers.create(ALICE, { name: 'single', upstreams: [git] })).id;
    const there = await newTask('run', ALICE, single);
    const here = await newTask('git-run');
    expect((await call('tasks/get', { taskId: there }, clientOf(ALICE), single)).error).toBeUndefined();
    expect((await call('tasks/get', { taskId: there })).error).toMatchObject(UNKNOWN);
    expect((await call('tasks/get', { taskId: here }, clientOf(ALICE), single)).error).toMatchObject(UNKNOWN);
  });

  it("is unknown when it was changed in any place, or is the upstream's own", async () => {
    await start({ git: withTasks() });
    const taskId = await newTask('git-run');
    for (let at = 0; at < taskId.length; at += 1) {
      const other = taskId[at] === 'A' ? 'B' : 'A';
      const changed = taskId.slice(0, at) + other + taskId.slice(at + 1);
      expect((await call('tasks/get', { taskId: changed })).error, `${at}`).toMatchObject(UNKNOWN);
    }
    for (const id of ['1', '', `${taskId}A`, 'x'.repeat(20_000)]) {
      expect((await call('tasks/get', { taskId: id })).error).toMatchObject(UNKNOWN);
    }
  });

  it('opens nothing else that is sealed, nor does anything else that is sealed pass for one', async () => {
    await start({ git: withTasks() });
    const sealer = createSealer(SECRET);
    const taskId = await newTask('git-run');
    await expect(sealer.unseal(taskId, 'upstream/1/header/authorization')).rejects.toThrow();
    const sealed = await sealer.seal('["u","1"]', 'upstream/1/header/authorization');
    expect((await call('tasks/get', { taskId: sealed })).error).toMatchObject(UNKNOWN);
  });

  it('is unknown while its principal may not use the upstream', async () => {
    const { git = '' } = await start({ git: withTasks() });
    const taskId = await newTask('git-run', GUEST);
    expect((await call('tasks/get', { taskId }, clientOf(GUEST))).error).toBeUndefined();
    await forge.registry.upstreams.update(ALICE, git, { visibility: 'private' });
    expect((await call('tasks/get', { taskId }, clientOf(GUEST))).error).toMatchObject(UNKNOWN);
  });
});

describe('a client', () => {
  it('that did not declare the extension is told that it must, before anything else', async () => {
    await start({ git: withTasks() });
    const data = { value: { requiredCapabilities: CAPABILITIES } };
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel']) {
      const { error } = await call(method, { taskId: 'x' }, clientOf(ALICE, {}));
      expect(error).toMatchObject({ code: -32021, data });
    }
  });

  it('of the legacy era finds no such methods', async () => {
    await start({ git: withTasks() });
    const legacy = clientOf(ALICE, CAPABILITIES, 'legacy');
    expect((await call('tasks/get', { taskId: 'x' }, legacy)).error).toMatchObject({ code: -32601 });
  });

  it('reads of the extension where an upstream of the view has it', async () => {
    const { git = '', time = '' } = await start({ git: withTasks(), time: script(['now']) });
    const { id } = await forge.registry.servers.create(ALICE, { name: 'without', upstreams: [time] });
    const whole = await forge.registry.servers.create(ALICE, { name: 'with', upstreams: [git] });
    const extensions = async (serverId?: string) =>
      (await at(serverId, ALICE).describe(ALICE)).capabilities.member('extensions')?.value;
    expect(await extensions()).toEqual(CAPABILITIES.extensions);
    expect(await extensions(whole.id)).toEqual(CAPABILITIES.extensions);
    expect(await extensions(id)).toBeUndefined();
  });
});

it('observers see requests about tasks with their upstream, and those that are refused', async () => {
  const seen: unknown[] = [];
  const observe: CallObserver = ({ call: { request, upstreamId, principal }, outcome }) => {
    if (request.method.startsWith('tasks/')) seen.push([upstreamId, principal.id, outcome.error?.code]);
  };
  const { git } = await start({ git: withTasks() }, { interceptors: [observeCalls([observe])] });
  const taskId = await newTask('git-run');
  await call('tasks/get', { taskId });
  await call('tasks/cancel', { taskId }, clientOf(BOB));
  expect(seen).toEqual([
    [git, ALICE.id, undefined],
    [undefined, BOB.id, -32602],
  ]);
});

describe('a listener', () => {
  function listen(principal: Principal, ...taskIds: string[]) {
    const heard: string[] = [];
    const listener = { note: (method: string, params?: JsonText) => void heard.push(`${method} ${params?.text}`) };
    const listening = at(undefined, principal).listen(clientOf(principal), { taskIds }, listener);
    return { heard, ...listening };
  }

  it('is told of its own tasks by the ids that it knows, and the upstream watches them as long as somebody listens', async () => {
    const [git, time] = [withTasks(), withTasks()];
    await start({ git, time });
    const [own, ofBob, elsewhere] = [
      await newTask('git-run'),
      await newTask('git-run', BOB),
      await newTask('time-run', BOB),
    ];
    expect(await at(undefined, ALICE).ownTasks?.([own, ofBob, elsewhere, 'x'], ALICE)).toEqual([own]);
    const alice = listen(ALICE, own, ofBob);
    const bob = listen(BOB, elsewhere, own);
    await vi.waitFor(() => expect([...git.watchedTasks, ...time.watchedTasks]).toEqual(['1', '1']));
    git.events?.taskChanged?.('1', new JsonText('{"taskId":"1","big":1.0}'));
    expect(alice.heard).toEqual([`notifications/tasks {"taskId":"${own}","big":1.0}`]);
    expect(bob.heard).toEqual([]);
    const second = listen(ALICE, own);
    await vi.waitFor(() => {
      git.events?.taskChanged?.('1', new JsonText('{"taskId":"1"}'));
      expect(second.heard).not.toEqual([]);
    });
    alice.close();
    expect([...git.watchedTasks]).toEqual(['1']);
    second.close();
    await vi.waitFor(() => expect([...git.watchedTasks]).toEqual([]));
    expect([...time.watchedTasks]).toEqual(['1']);
  });

  it('hears nothing more of a task whose upstream it may not use any more', async () => {
    const git = withTasks();
    const { git: id = '' } = await start({ git });
    const guest = listen(GUEST, await newTask('git-run', GUEST));
    await vi.waitFor(() => expect(git.watchedTasks.size).toBe(1));
    await forge.registry.upstreams.update(ALICE, id, { visibility: 'private' });
    expect(git.watchedTasks.size).toBe(0);
    git.events?.taskChanged?.('1', new JsonText('{"taskId":"1"}'));
    expect(guest.heard).toEqual([]);
  });

  it('that left before its ids were read is not listened for', async () => {
    const git = withTasks();
    await start({ git });
    const taskId = await newTask('git-run');
    listen(ALICE, taskId).close();
    const after = listen(ALICE, taskId);
    await vi.waitFor(() => expect(git.watchedTasks.size).toBe(1));
    after.close();
    expect(git.watchedTasks.size).toBe(0);
  });
});
