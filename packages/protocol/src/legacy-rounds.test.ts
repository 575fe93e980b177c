import { afterEach, describe, expect, it, vi } from 'vitest';
import { serveChannel } from './edge-channel.ts';
import { ALICE, deferred, HttpClient, MemoryChannel, type MemoryReply, settled } from './edge.fixture.ts';
import type { Exchange, ExchangeRequest, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { ASK_TIMEOUT_MS, MAX_ASKS } from './legacy-asks.ts';
import { MAX_ROUNDS } from './legacy-rounds.ts';

const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const NAME = '{"method":"elicitation/create","params":{"message":"Name?","n":1.0}}';
const MODEL = '{"method":"sampling/createMessage","params":{"maxTokens":1e1}}';
const ROOTS = '{"method":"roots/list"}';
const DONE = '{"resultType":"complete","content":[]}';

afterEach(() => {
  vi.useRealTimers();
});

const modern = (text: string): Outcome => ({ era: 'modern', result: new JsonText(text) });
const asking = (requests: string, state = ',"requestState":"s\\u0031"'): string =>
  `{"resultType":"input_required","inputRequests":{${requests}}${state}}`;

type Serve = (request: ExchangeRequest, round: number, exchange: Exchange) => string | Promise<string>;

/** A client in a session whose calls a modern upstream serves. */
async function calling(serve: Serve, capabilities: unknown = ALL, version?: string): Promise<HttpClient> {
  const client = new HttpClient();
  for (const method of ['tools/call', 'prompts/get', 'resources/read', 'tools/list']) {
    client.endpoint.handlers.set(method, async (request, exchange) =>
      modern(await serve(request, client.endpoint.requests.length - 1, exchange)),
    );
  }
  await client.initialize(version, capabilities);
  return client;
}

/** Answers each request with the next of these texts. */
const inTurn =
  (...texts: string[]): Serve =>
  (_request, round) =>
    texts[round] ?? DONE;

const call = (client: HttpClient, params: object = { name: 'a', arguments: { x: 1 } }): MemoryReply =>
  client.request('tools/call', params, 'call');

const answer = (client: HttpClient, id: unknown, rest: object = { result: {} }): MemoryReply =>
  client.post({ jsonrpc: '2.0', id, ...rest });

async function errorOf(reply: MemoryReply): Promise<unknown> {
  const { result, error } = (await reply.ended()).answer as {
    result?: { isError?: boolean; content: { text: string }[] };
    error?: { message: string };
  };
  return result?.isError === true ? result.content[0]?.text : error?.message;
}

describe('input that a modern server requires of a legacy client', () => {
  it('is asked for on the stream of the call, all of it at once; the call is made again with the answers', async () => {
    const client = await calling(inTurn(asking(`"n":${NAME},"m":${MODEL},"__proto__":${ROOTS}`)));
    const reply = call(client);
    const asked = await reply.hasEvents(3);
    expect(reply.events[0]).toBe(
      '{"jsonrpc":"2.0","id":1,"method":"elicitation/create","params":{"message":"Name?","n":1.0}}',
    );
    expect(asked.map(({ method }) => method)).toEqual(['elicitation/create', 'sampling/createMessage', 'roots/list']);
    answer(client, 3, { result: { roots: [] } });
    client.post('{"jsonrpc":"2.0","id":1,"result":{"action":"accept", "content":{"n":1.0}}}');
    answer(client, 2, { result: { model: 'm' } });
    expect((await reply.ended()).parsedEvents.at(-1)).toEqual({ jsonrpc: '2.0', id: 'call', result: { content: [] } });
    const [first, second] = client.endpoint.requests;
    expect(first?.params?.text).toBe('{"name":"a","arguments":{"x":1}}');
    expect(second?.params?.text).toBe(
      '{"name":"a","arguments":{"x":1},"inputResponses":{"n":{"action":"accept", "content":{"n":1.0}},"m":{"model":"m"},"__proto__":{"roots":[]}},"requestState":"s\\u0031"}',
    );
  });

  it.each([
    ['prompts/get', { name: 'p' }],
    ['resources/read', { uri: 'x://y' }],
  ])('may be required by %s', async (method, params) => {
    const client = await calling(inTurn(asking(`"n":${NAME}`), '{"resultType":"complete","x":1}'));
    const reply = client.request(method, params, 'call');
    await reply.hasEvents(1);
    answer(client, 1);
    expect((await reply.ended()).parsedEvents.at(-1)).toMatchObject({ result: { x: 1 } });
  });

  it('may be required in rounds: each sends what that round said, and nothing of the one before', async () => {
    const rounds = [
      asking(`"a":${NAME}`),
      asking(`"b":${NAME}`, ''),
      '{"resultType":"input_required","requestState":"3"}',
    ];
    const client = await calling(inTurn(...rounds));
    const reply = call(client, { name: 'a', inputResponses: { z: {} }, requestState: 'not yours' });
    await reply.hasEvents(1);
    answer(client, 1, { result: { r: 1 } });
    await reply.hasEvents(2);
    answer(client, 2, { result: { r: 2 } });
    await reply.ended();
    expect(client.endpoint.requests.slice(1).map(({ params }) => params?.value)).toEqual([
      { name: 'a', inputResponses: { a: { r: 1 } }, requestState: 's1' },
      { name: 'a', inputResponses: { b: { r: 2 } } },
      { name: 'a', requestState: '3' },
    ]);
  });

  it('gives a visit an id, since a legacy client is promised one', async () => {
    const client = await calling(
      inTurn(asking('"u":{"method":"elicitation/create","params":{"mode":"url","url":"x"}}')),
    );
    const [asked] = await call(client).hasEvents(1);
    expect(asked).toMatchObject({
      params: { mode: 'url', url: 'x', elicitationId: expect.stringMatching(/^[0-9a-f]{32}$/) },
    });
  });

  it('is asked for over channels too', async () => {
    const { endpoint } = await calling(inTurn(asking(`"n":${NAME}`)));
    const channel = new MemoryChannel();
    serveChannel(endpoint, channel, { caller: ALICE });
    const params = { protocolVersion: '2025-11-25', capabilities: ALL, clientInfo: { name: 'c', version: '1' } };
    channel.receive({ jsonrpc: '2.0', id: 0, method: 'initialize', params });
    await channel.has(1);
    channel.receive({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } });
    expect((await channel.has(2))[1]).toMatchObject({ method: 'elicitation/create' });
    channel.receive({ jsonrpc: '2.0', id: 1, result: { action: 'decline' } });
    expect((await channel.has(3))[2]).toMatchObject({ id: 1, result: { content: [] } });
    expect(endpoint.requests[1]?.params?.value).toMatchObject({ inputResponses: { n: { action: 'decline' } } });
  });
});

describe('input that is not had', () => {
  it('because the client cannot be asked ends the call, and nothing is asked', async () => {
    const client = await calling(inTurn(asking(`"n":${NAME},"r":${ROOTS}`)), { elicitation: {} });
    const reply = call(client);
    expect(await errorOf(reply)).toMatch('did not declare the capability "roots"');
    expect(reply.events).toEqual([]);
  });

  it('is an error where there is no result for errors', async () => {
    const client = await calling(inTurn(asking(`"r":${ROOTS}`)), {});
    const reply = await client.request('prompts/get', { name: 'p' }).ended();
    expect(reply.answer).toMatchObject({ error: { code: -32603, message: expect.stringContaining('roots') } });
  });

  it.each([
    ['elicitation', NAME, { action: 'cancel' }],
    ['sampling', MODEL, undefined],
    ['roots', ROOTS, undefined],
  ])('because the client answers %s by an error: a form is cancelled, anything else ends the call', async (...row) => {
    const [, input, sent] = row;
    const client = await calling(inTurn(asking(`"k":${input}`)));
    const reply = call(client);
    await reply.hasEvents(1);
    answer(client, 1, { error: { code: -1, message: 'User said no' } });
    await reply.ended();
    if (sent !== undefined)
      expect(client.endpoint.requests[1]?.params?.value).toMatchObject({ inputResponses: { k: sent } });
    else {
      expect(await errorOf(reply)).toMatch('User said no');
      expect(client.endpoint.requests).toHaveLength(1);
    }
  });

  it('because one question failed withdraws the others', async () => {
    const client = await calling(inTurn(asking(`"m":${MODEL},"n":${NAME}`)));
    const reply = call(client);
    await reply.hasEvents(2);
    answer(client, 1, { error: { code: -1, message: 'no' } });
    expect((await reply.ended()).parsedEvents[2]).toMatchObject({
      method: 'notifications/cancelled',
      params: { requestId: 2 },
    });
  });

  it('because nobody answers: the form is cancelled in the end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const client = await calling(inTurn(asking(`"n":${NAME}`)));
    const reply = call(client);
    await reply.hasEvents(1);
    vi.advanceTimersByTime(ASK_TIMEOUT_MS);
    await reply.ended();
    expect(client.endpoint.requests[1]?.params?.value).toMatchObject({ inputResponses: { n: { action: 'cancel' } } });
  });

  it.each([
    ['too much at once', Array.from({ length: MAX_ASKS + 1 }, (_, key) => `"${key}":${ROOTS}`).join(','), ''],
    ['nothing', '', ''],
    ['a ping', '"p":{"method":"ping"}', ''],
    ['something unknown', '"p":{"method":"tools/call"}', ''],
    ['something without a method', '"p":5', ''],
  ])('because the server asks for %s', async (_what, requests, state) => {
    const client = await calling(inTurn(asking(requests, state)));
    expect(await errorOf(call(client))).toMatch(/ask/);
    expect(client.endpoint.requests).toHaveLength(1);
  });

  it('because it is required where it must not be', async () => {
    const client = await calling(inTurn(asking(`"n":${NAME}`)));
    expect(await errorOf(client.request('tools/list'))).toMatch('tools/list');
  });

  it('because the server never has enough', async () => {
    const client = await calling(() => asking(`"n":${NAME}`));
    const reply = call(client);
    for (let round = 1; round <= MAX_ROUNDS; round += 1) {
      await reply.hasEvents(round);
      answer(client, round);
    }
    expect(await errorOf(reply)).toMatch(`more than ${MAX_ROUNDS} times`);
    expect(client.endpoint.requests).toHaveLength(MAX_ROUNDS + 1);
  });

  it('because the client takes no messages ahead of its answer', async () => {
    const client = await calling(inTurn(asking(`"m":${MODEL}`)));
    const request = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'a' } };
    expect(await errorOf(client.post(request, { accept: 'application/json' }))).toMatch('cannot be asked');
  });
});

describe('a cancellation', () => {
  it('while the client is being asked ends the call, and it is not made again', async () => {
    const heard: unknown[] = [];
    const client = await calling((_request, _round, exchange) => {
      exchange.onCancel((reason) => heard.push(reason));
      return asking(`"n":${NAME}`);
    });
    const reply = call(client);
    await reply.hasEvents(1);
    client.notify('notifications/cancelled', { requestId: 'call' });
    await settled();
    expect(reply.isEnded).toBe(true);
    expect(heard).toEqual([]); // the request that it was for has its answer
    expect(client.endpoint.requests).toHaveLength(1);
  });

  it('of a later round reaches that round', async () => {
    const cancelled = deferred<unknown>();
    const client = await calling((_request, round, exchange) => {
      if (round === 0) return asking(`"n":${NAME}`);
      exchange.onCancel(cancelled.resolve);
      return new Promise(() => {});
    });
    const reply = call(client);
    await reply.hasEvents(1);
    answer(client, 1);
    await settled();
    client.notify('notifications/cancelled', { requestId: 'call', reason: 'enough' });
    expect(await cancelled.promise).toBe('enough');
  });

  it('by the end of the session ends the call, and it is not made again', async () => {
    const client = await calling(inTurn(asking(`"n":${NAME}`)));
    const reply = call(client);
    await reply.hasEvents(1);
    client.delete();
    expect((await reply.ended()).parsedEvents.at(-1)).toMatchObject({ error: { code: -32001 } });
    await settled();
    expect(client.endpoint.requests).toHaveLength(1);
  });
});
