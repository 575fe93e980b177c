import { AgentCard } from '@a2a-js/sdk';
import type { Upstream, UpstreamEvents } from '@forge/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startAgent, type TestAgent, type TestAgentOptions } from '../agent.fixture.ts';
import { callTool, NO_EVENTS, request, upstreamOf, WITH_TASKS } from '../upstream.fixture.ts';

const ELICITS = { elicitation: {} };
const META = 'forge/a2a';

let agents: TestAgent[] = [];
let opened: Upstream[] = [];
afterEach(async () => {
  await Promise.all(opened.map((upstream) => upstream.close()));
  await Promise.all(agents.map((agent) => agent.stop()));
  [agents, opened] = [[], []];
});

async function start(options: TestAgentOptions = {}): Promise<TestAgent> {
  const agent = await startAgent(options);
  agents.push(agent);
  return agent;
}

function open(...args: Parameters<typeof upstreamOf>): Upstream {
  const upstream = upstreamOf(...args);
  opened.push(upstream);
  return upstream;
}

/** An agent with these skills, and the way to it. */
async function withSkills(...skills: string[]) {
  const agent = await start({ skills });
  return { agent, upstream: open({ url: agent.url }) };
}

describe('the card', () => {
  it('says what there is, wherever below the host it stands', async () => {
    const agent = await start();
    for (const url of [agent.url, `${agent.url}/.well-known/agent-card.json`, `${agent.url}/rpc`]) {
      const info = await open({ url }).connect();
      expect(info).toMatchObject({ era: 'modern', transport: 'a2a 1.0 JSONRPC' });
      expect(info.description.serverInfo.value).toEqual({ name: 'Suite', version: '7' });
      expect(info.description.instructions).toBe('Does what tests want');
    }
  });

  it('of 0.3 is understood, too', async () => {
    const agent = await start({ version: '0.3' });
    expect((await open({ url: agent.url }).connect()).transport).toMatch(/^a2a 0\.3(\.\d)? JSONRPC$/);
  });

  it('makes each skill a tool, with a name that clients take', async () => {
    const { upstream } = await withSkills('echo', 'Book a trip!');
    const { result } = await request(upstream, 'tools/list', {});
    expect(result.tools[0]).toMatchObject({
      name: 'echo',
      title: 'Skill echo',
      description: 'Does echo\n\nExamples:\n- Go!',
    });
    expect(result.tools[1].name).toMatch(/^Book_a_trip__\w{8}$/);
    const { result: booked } = await callTool(upstream, result.tools[1].name, { query: 'x' });
    expect(booked.content[0].text).toBe('no skill Book a trip!');
  });

  it('without skills makes one tool, with the name and the shape of ContextForge', async () => {
    const { upstream } = await withSkills();
    const { result } = await request(upstream, 'tools/list', {});
    expect(result.tools).toMatchObject([
      { name: 'a2a_suite', inputSchema: { properties: { query: { type: 'string' } }, required: ['query'] } },
    ]);
    expect((await callTool(upstream, 'a2a_suite', { query: 'message' })).result.content).toEqual([
      { type: 'text', text: 'heard message' },
    ]);
    expect((await callTool(upstream, 'a2a_suite', {})).error).toMatchObject({
      code: -32602,
      message: 'query: is missing',
    });
  });

  it('is read anew with the list', async () => {
    const skills = ['echo'];
    const agent = await start({
      card: (card) => AgentCard.toJSON({ ...card, skills: skills.map((id) => ({ ...card.skills[0]!, id })) }),
    });
    const upstream = open({ url: agent.url });
    await upstream.connect();
    skills.push('steps');
    await vi.waitFor(async () => {
      const { result } = await request(upstream, 'tools/list', {});
      expect(result.tools).toHaveLength(2);
    }, 5000);
    expect((await callTool(upstream, 'steps', { count: 1 })).result.content[0].text).toBe('done');
  });

  it('is not needed where an agent is described by hand', async () => {
    const agent = await start({ card: () => ({}) });
    const endpoint = { streaming: true, skills: [{ id: 'echo', inputSchema: { type: 'object', required: ['text'] } }] };
    const upstream = open({ url: `${agent.url}/rpc`, config: JSON.stringify({ endpoint }) });
    expect((await upstream.connect()).reason).toBe('It was registered by hand');
    const { result } = await request(upstream, 'tools/list', {});
    expect(result.tools).toMatchObject([{ name: 'echo', inputSchema: { required: ['text'] } }]);
    expect((await callTool(upstream, 'echo', { text: 'hi' })).result.content[0].text).toBe('hi');
  });

  it.each([
    [
      { supportedInterfaces: [{ url: 'http://x', protocolBinding: 'SOAP', protocolVersion: '1.0' }] },
      /offers SOAP 1\.0; it would have to be JSONRPC/,
    ],
    [
      { supportedInterfaces: [{ url: 'http://x', protocolBinding: 'JSONRPC', protocolVersion: '2.0' }] },
      /offers JSONRPC 2\.0/,
    ],
    [{ capabilities: { extensions: [{ uri: 'urn:pay', required: true }] } }, /requires the extension urn:pay/],
    [{ name: '' }, /is no agent card/],
    [{ skills: Array.from({ length: 1001 }, (_, at) => ({ id: `${at}` })) }, /more than 1000 skills/],
  ])('that cannot be used is refused with a reason: %#', async (edits, why) => {
    const agent = await start({ card: (card) => ({ ...(AgentCard.toJSON(card) as object), ...edits }) });
    await expect(open({ url: agent.url }).connect()).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringMatching(why) as string,
    });
  });
});

describe('credentials', () => {
  it('go to the agent with each request, in headers and in the query', async () => {
    const agent = await start();
    const headers = [{ name: 'Authorization', value: 'Bearer secret' }];
    const upstream = open({ url: agent.url, headers, config: '{"query":{"key":"k"}}', secrets: { k: 'v' } });
    await callTool(upstream, 'echo', { text: 'x' });
    expect(agent.headers.map(({ authorization }) => authorization)).toEqual(['Bearer secret', 'Bearer secret']);
    expect(agent.paths).toEqual(['/.well-known/agent-card.json?key=v', '/rpc?key=v']);
  });

  it('do not follow a card to another host, unless that is allowed', async () => {
    const elsewhere = await start();
    const to = { url: `${elsewhere.url}/rpc`, protocolBinding: 'JSONRPC', tenant: '', protocolVersion: '1.0' };
    const agent = await start({ card: (card) => AgentCard.toJSON({ ...card, supportedInterfaces: [to] }) });
    const headers = [{ name: 'Authorization', value: 'Bearer secret' }];
    await expect(open({ url: agent.url, headers }).connect()).rejects.toThrow(/must not get the credentials/);
    expect(elsewhere.headers).toEqual([]);
    expect((await callTool(open({ url: agent.url }), 'echo', { text: 'x' })).result.content[0].text).toBe('x');
    const config = JSON.stringify({ origins: [elsewhere.url] });
    await callTool(open({ url: agent.url, headers, config }), 'echo', { text: 'x' });
    expect(elsewhere.headers.at(-1)).toMatchObject({ authorization: 'Bearer secret' });
  });
});

describe('what goes to an agent', () => {
  it('is words, data, files and the skill that is meant', async () => {
    const { agent, upstream } = await withSkills('echo');
    const files = [{ name: 'a.txt', mimeType: 'text/plain', data: 'aGk=' }, { url: 'https://example.com/b.png' }];
    await callTool(upstream, 'echo', { query: 'hello', data: { a: 1 }, b: 2, files });
    expect(agent.received[0]).toMatchObject({ metadata: { skillId: 'echo' } });
    expect(
      agent.received[0]?.parts.map(({ content, mediaType, filename }) => [content?.value, mediaType, filename]),
    ).toEqual([
      ['hello', 'text/plain', ''],
      [{ a: 1, b: 2 }, 'application/json', ''],
      [Uint8Array.from([104, 105]), 'text/plain', 'a.txt'],
      ['https://example.com/b.png', '', ''],
    ]);
  });

  it.each([
    [{ query: 1 }, 'query: must be a text'],
    [{ data: [] }, 'data: must be an object'],
    [{ files: {} }, 'files: must be a list'],
    [{ files: [{ data: '***' }] }, 'files[0]: must have "data" in base64, or a "url"'],
    [{ contextId: 'made-up' }, 'contextId: must be that of an earlier result of this agent, given to you'],
  ])('is refused before it goes where it is wrong: %j', async (args, message) => {
    const { agent, upstream } = await withSkills('echo');
    expect((await callTool(upstream, 'echo', args)).error).toMatchObject({ code: -32602, message });
    expect(agent.received).toEqual([]);
  });
});

describe('what comes from an agent', () => {
  it('is content of its kind', async () => {
    const { upstream } = await withSkills('files');
    const { result } = await callTool(upstream, 'files', {});
    expect(result).toMatchObject({
      resultType: 'complete',
      structuredContent: { answer: 42 },
      _meta: { [META]: { state: 'completed' } },
    });
    expect(result.content).toEqual([
      { type: 'text', text: '{"answer":42}' },
      { type: 'image', data: 'aGk=', mimeType: 'image/png' },
      { type: 'resource', resource: { uri: 'a2a:b.pdf', mimeType: 'application/pdf', blob: 'aGk=' } },
      { type: 'resource_link', uri: 'https://example.com/c', name: 'c', mimeType: 'text/html' },
    ]);
  });

  it('in pieces is progress, and one text in the end', async () => {
    const { upstream } = await withSkills('chunks');
    const { result, progress } = await callTool(upstream, 'chunks', {});
    expect(result.content).toEqual([{ type: 'text', text: 'one two three' }]);
    expect(progress).toEqual(['one ', 'two ', 'three']);
  });

  it('goes on with a conversation for the caller that had it, and for nobody else', async () => {
    const { agent, upstream } = await withSkills('echo');
    const { result } = await callTool(upstream, 'echo', { text: '1' });
    const { contextId } = result._meta[META];
    expect((await callTool(upstream, 'echo', { text: '2', contextId })).result.content[0].text).toBe('2');
    expect(agent.received[1]?.contextId).toBe(agent.received[0]?.contextId);
    const { error } = await callTool(upstream, 'echo', { text: '3', contextId }, { callerId: 'bob' });
    expect(error?.message).toContain('given to you');
    const other = open({ url: agent.url, id: 'u2' });
    expect((await callTool(other, 'echo', { text: '4', contextId })).error?.message).toContain('of this agent');
  });
});

it.each(['JSONRPC', 'HTTP+JSON', 'GRPC'] as const)('has all pieces of an artifact by 0.3 over %s', async (binding) => {
  const agent = await start({ skills: ['chunks'], version: '0.3', binding });
  const { result } = await callTool(open({ url: agent.url }), 'chunks', {});
  expect(result.content.map(({ text }: { text: string }) => text).join('')).toBe('one two three');
});

describe.each(['1.0', '0.3'] as const)('an agent of %s that asks', (version) => {
  const startAsking = async () => {
    const agent = await start({ version, skills: ['ask'] });
    return { agent, upstream: open({ url: agent.url }) };
  };

  it('asks the user, and gets the answer for the same task', async () => {
    const { agent, upstream } = await startAsking();
    const answers = [{ action: 'accept', content: { answer: 'blue' } }];
    const { result, asked } = await callTool(upstream, 'ask', {}, { capabilities: ELICITS, answers });
    expect(asked).toMatchObject([
      { mode: 'form', message: 'Which colour?', requestedSchema: { required: ['answer'] } },
    ]);
    expect(result.content).toEqual([{ type: 'text', text: 'it is blue' }]);
    expect(agent.received[1]?.taskId).toBe(agent.received[0]?.taskId);
  });

  it('has its task cancelled when the user declines', async () => {
    const { agent, upstream } = await startAsking();
    const { result } = await callTool(upstream, 'ask', {}, { capabilities: ELICITS, answers: [{ action: 'decline' }] });
    expect(result).toMatchObject({
      isError: true,
      content: [{ text: expect.stringContaining('Which colour?') as string }],
    });
    await vi.waitFor(() => expect(agent.cancelled).toEqual([agent.received[0]?.taskId]));
  });

  it('asks through the model where the client cannot be asked', async () => {
    const { upstream } = await startAsking();
    const { result } = await callTool(upstream, 'ask', {});
    expect(result.content.map(({ text }: { text: string }) => text)).toEqual([
      'Which colour?',
      expect.stringContaining('call this tool again'),
    ]);
    const { contextId, state } = result._meta[META];
    expect(state).toBe('input-required');
    const { result: second } = await callTool(upstream, 'ask', { query: 'red', contextId });
    expect(second.content).toEqual([{ type: 'text', text: 'it is red' }]);
  });
});

it('an agent that wants a login says so, and can be called again', async () => {
  const { upstream } = await withSkills('login');
  const { result } = await callTool(upstream, 'login', {}, { capabilities: ELICITS });
  expect(result).toMatchObject({
    content: [{ text: 'Log in first' }, {}],
    _meta: { [META]: { state: 'auth-required' } },
  });
});

describe('a client that takes tasks', () => {
  const takesTasks = { capabilities: { ...WITH_TASKS } };
  const inTime = { taskAfterMs: 30 };

  it('gets an answer where there is one soon', async () => {
    const agent = await start();
    const { result } = await callTool(open({ url: agent.url }), 'echo', { text: 'x' }, takesTasks);
    expect(result.resultType).toBe('complete');
  });

  it.each([true, false])(
    'gets a task where it takes longer, and its result later (streaming: %s)',
    async (streaming) => {
      const agent = await start({ skills: ['wait'], streaming });
      const upstream = open({ url: agent.url }, inTime);
      const { result } = await callTool(upstream, 'wait', {}, takesTasks);
      expect(result).toMatchObject({ resultType: 'task', status: 'working', ttlMs: null });
      const { taskId } = result;
      expect((await request(upstream, 'tasks/get', { taskId }, takesTasks)).result).toMatchObject({
        taskId,
        status: 'working',
      });
      agent.release();
      await vi.waitFor(async () => {
        const { result: now } = await request(upstream, 'tasks/get', { taskId }, takesTasks);
        expect(now).toMatchObject({
          resultType: 'complete',
          status: 'completed',
          result: { content: [{ text: 'waited' }] },
        });
      });
    },
  );

  it('can cancel it, and is told of what does not exist', async () => {
    const agent = await start({ skills: ['hang'] });
    const upstream = open({ url: agent.url }, inTime);
    const { taskId } = (await callTool(upstream, 'hang', {}, takesTasks)).result;
    expect(agent.hanging).toBe(1);
    expect((await request(upstream, 'tasks/cancel', { taskId }, takesTasks)).result).toEqual({
      resultType: 'complete',
    });
    expect(agent.hanging).toBe(0);
    expect((await request(upstream, 'tasks/get', { taskId }, takesTasks)).result).toMatchObject({
      status: 'cancelled',
    });
    expect((await request(upstream, 'tasks/cancel', { taskId }, takesTasks)).error).toBeUndefined();
    expect((await request(upstream, 'tasks/get', { taskId: 'nobody' }, takesTasks)).error).toMatchObject({
      code: -32602,
    });
  });

  it('answers questions of a task that it got', async () => {
    const agent = await start({ skills: ['ask-late'] });
    const upstream = open({ url: agent.url }, inTime);
    const { taskId } = (await callTool(upstream, 'ask-late', {}, takesTasks)).result;
    agent.release();
    const waiting = await vi.waitFor(async () => {
      const { result } = await request(upstream, 'tasks/get', { taskId }, takesTasks);
      expect(result).toMatchObject({ status: 'input_required' });
      return result;
    });
    const [key = '', question] = Object.entries(waiting.inputRequests)[0] ?? [];
    expect(question).toMatchObject({ method: 'elicitation/create', params: { message: 'Which colour?' } });
    const answer = { action: 'accept', content: { answer: 'green' } };
    await request(upstream, 'tasks/update', { taskId, inputResponses: { other: answer } }, takesTasks);
    expect(agent.received).toHaveLength(1);
    await request(upstream, 'tasks/update', { taskId, inputResponses: { [key]: answer } }, takesTasks);
    await vi.waitFor(async () => {
      const { result } = await request(upstream, 'tasks/get', { taskId }, takesTasks);
      expect(result).toMatchObject({ status: 'completed', result: { content: [{ text: 'it is green' }] } });
    });
  });

  it('is told of tasks that it listens to', async () => {
    const told: unknown[] = [];
    const events: UpstreamEvents = {
      ...NO_EVENTS,
      taskChanged: (id, params) => void told.push([id, (params.value as { status: string }).status]),
    };
    const agent = await start({ skills: ['wait'] });
    const upstream = open({ url: agent.url }, inTime, events);
    const { taskId } = (await callTool(upstream, 'wait', {}, takesTasks)).result;
    upstream.watch(new Set(), new Set([taskId]));
    await vi.waitFor(() => expect(told).toEqual([[taskId, 'working']]));
    agent.release();
    await vi.waitFor(
      () =>
        expect(told).toEqual([
          [taskId, 'working'],
          [taskId, 'completed'],
        ]),
      5000,
    );
  });
});
