import { afterEach, describe, expect, it, vi } from 'vitest';
import { createHttpEdge, type HttpRequestIn } from './edge-http.ts';
import { serveChannel } from './edge-channel.ts';
import {
  ALICE,
  BOB,
  deferred,
  HttpClient,
  MemoryChannel,
  MemoryEndpoint,
  type MemoryReply,
  modernMeta,
  modernPost,
  settled,
  SWEEP_MS,
} from './edge.fixture.ts';
import type { Answer, Ask, Exchange, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { legacyParams } from './outgoing.ts';
import { errorOutcome, resultOutcome } from './outcome.ts';
import { GATHER_MS } from './parked-call.ts';
import type { ParkedCallsOptions } from './parked-calls.ts';
import { INVALID_STATE } from './request-state.ts';
import { digestOf } from './seal.ts';
import { META } from './versions.ts';

const ALL = { elicitation: { form: {}, url: {} }, sampling: {}, roots: {} };
const NAME: Ask = { method: 'elicitation/create', params: new JsonText('{"message":"Name?","n":1.0}') };
const MODEL: Ask = { method: 'sampling/createMessage', params: new JsonText('{"maxTokens":1e1}') };
const ROOTS: Ask = { method: 'roots/list', params: undefined };
const ACCEPT = { action: 'accept', content: {} };

type Serve = (exchange: Exchange) => Promise<Outcome>;
type Params = Record<string, unknown>;

interface Round {
  readonly resultType: string;
  readonly inputRequests: Record<string, { method: string; params?: unknown }>;
  readonly requestState: string;
}

afterEach(() => {
  vi.useRealTimers();
});

/** A client whose calls a legacy upstream serves as `serve` says. */
function calling(serve: Serve, parked: ParkedCallsOptions = {}): HttpClient {
  const client = new HttpClient(new MemoryEndpoint(), createHttpEdge({ parked }));
  for (const method of ['tools/call', 'prompts/get', 'resources/read', 'tools/list']) {
    client.endpoint.handlers.set(method, async (request, exchange) => {
      try {
        legacyParams(request); // as every adapter of a legacy upstream does
      } catch (error) {
        return errorOutcome(error);
      }
      exchange.onCancel((reason) => client.endpoint.notes.push(`cancelled: ${reason}`));
      return serve(exchange);
    });
  }
  return client;
}

/** Answers with what the client said to each question, one after the other. */
const inTurn =
  (...asks: Ask[]): Serve =>
  async (exchange) => {
    const said: unknown[] = [];
    for (const ask of asks) said.push(textOf(await exchange.ask(ask)));
    return outcomeOf(said);
  };

/** Asks everything at once. */
const atOnce =
  (...asks: Ask[]): Serve =>
  async (exchange) =>
    outcomeOf((await Promise.all(asks.map((ask) => exchange.ask(ask)))).map(textOf));

const textOf = (answer: Answer): unknown => answer.result?.text ?? answer.error;
const outcomeOf = (said: unknown[]): Outcome => resultOutcome(JsonText.of({ said }), 'legacy');

function post(params: Params = {}, id: unknown = 1, capabilities: object = ALL): HttpRequestIn {
  const _meta = { [META.clientCapabilities]: capabilities, ...(params['_meta'] as Params | undefined) };
  return modernPost('tools/call', { name: 'a', arguments: { x: 1 }, ...params, _meta }, id);
}

async function roundOf(reply: MemoryReply): Promise<Round> {
  const { result } = (await reply.ended()).answer as { result: Round };
  expect(result.resultType).toBe('input_required');
  return result;
}

/** The next request for the call that asked. */
const retry = ({ requestState }: Round, inputResponses: unknown, id: unknown = 2): HttpRequestIn =>
  post({ requestState, inputResponses }, id);

async function said(reply: MemoryReply): Promise<unknown> {
  return ((await reply.ended()).answer as { result?: { said: unknown } }).result?.said;
}

/** The answers are with the server: the state is used up. */
async function untilHanded(client: HttpClient, round: Round): Promise<void> {
  await expect
    .poll(async () => (await client.send(retry(round, undefined, 'probe')).ended()).answer)
    .toMatchObject({ error: REFUSED });
}

const REFUSED = { code: -32602, message: INVALID_STATE };

describe('a question of a legacy server to a modern client', () => {
  it('is a result, and the next request brings its answer', async () => {
    const client = calling(inTurn(NAME));
    const first = await client.send(post()).ended();
    expect(first).toMatchObject({ status: 200, isStream: false, headers: {} });
    expect(first.body).toMatch(
      /^\{"jsonrpc":"2.0","id":1,"result":\{"resultType":"input_required","inputRequests":\{"in_0":\{"method":"elicitation\/create","params":\{"message":"Name\?","n":1.0\}\}\},"requestState":"forge-call\.[\w-]+"\}\}$/,
    );
    const request = retry(await roundOf(first), { in_0: 'ANSWER' });
    const body = request.body.replace('"ANSWER"', '{"action":"accept", "content":{"big":12345678901234567890}}');
    const second = await client.send({ ...request, body }).ended();
    expect(second.answer).toMatchObject({ id: 2, result: { resultType: 'complete' } });
    expect(await said(second)).toEqual(['{"action":"accept", "content":{"big":12345678901234567890}}']);
    expect(client.edge.parked).toBe(0);
    expect(client.endpoint.requests).toHaveLength(1);
  });

  it('loses what only a legacy client could use', async () => {
    const params = new JsonText('{"mode":"url","elicitationId":"e","_meta":{"progressToken":1},"url":"u"}');
    const more = new JsonText('{"_meta":{"progressToken":1,"x":1.0}}');
    const client = calling(atOnce({ ...NAME, params }, { ...MODEL, params: more }));
    const reply = await client.send(post()).ended();
    expect(reply.body).toContain('"in_0":{"method":"elicitation/create","params":{"mode":"url","url":"u"}}');
    expect(reply.body).toContain('"in_1":{"method":"sampling/createMessage","params":{"_meta":{"x":1.0}}}');
  });

  it.each([
    ['prompts/get', { name: 'p', arguments: { a: '1' } }],
    ['resources/read', { uri: 'x://y' }],
  ])('may come during %s', async (method, params) => {
    const client = calling(inTurn(ROOTS));
    const _meta = { [META.clientCapabilities]: ALL };
    const { requestState, inputRequests } = await roundOf(client.send(modernPost(method, { ...params, _meta })));
    expect(inputRequests).toEqual({ in_0: { method: 'roots/list' } });
    const answered = { ...params, requestState, inputResponses: { in_0: { roots: [] } }, _meta };
    expect(await said(client.send(modernPost(method, answered, 2)))).toEqual(['{"roots":[]}']);
  });

  it('is refused during any other method', async () => {
    const client = calling(inTurn(NAME));
    const reply = client.modern('tools/list', { _meta: { [META.clientCapabilities]: ALL } });
    expect(await said(reply)).toMatchObject([{ code: -32600 }]);
  });

  it('is refused when it is none that a client can be asked, and answered when it only asks for life', async () => {
    const client = calling(inTurn({ method: 'tasks/get', params: undefined }, { method: 'ping', params: undefined }));
    expect(await said(client.send(post()))).toMatchObject([{ code: -32600 }, '{}']);
    expect(client.edge.parked).toBe(0);
  });

  it('reaches a client that takes nothing but JSON', async () => {
    const client = calling(inTurn(NAME));
    const json = { ...post(), headers: { ...post().headers, accept: 'application/json' } };
    expect(await client.send(json).ended()).toMatchObject({ status: 200, isStream: false });
  });

  it('ends the stream that a notification has opened', async () => {
    const client = calling(async (exchange) => {
      exchange.note('notifications/message', JsonText.of({ level: 'error', data: 1 }));
      return inTurn(NAME)(exchange);
    });
    const reply = await client.send(post({ _meta: { [META.logLevel]: 'info' } })).ended();
    expect(reply.parsedEvents).toMatchObject([{ method: 'notifications/message' }, { result: {} }]);
  });

  it('that no JSON is, is refused', async () => {
    const params = new JsonText('{"message":"x","_meta":{"progressToken":1}');
    expect(await said(calling(inTurn({ ...NAME, params })).send(post()))).toMatchObject([{ code: -32600 }]);
  });
});

describe('several questions', () => {
  it('of one moment are put together', async () => {
    const client = calling(atOnce(NAME, MODEL, ROOTS));
    const round = await roundOf(client.send(post()));
    expect(Object.values(round.inputRequests).map(({ method }) => method)).toEqual([
      NAME.method,
      MODEL.method,
      ROOTS.method,
    ]);
    const responses = { in_2: { c: 1 }, in_0: { a: 1 }, in_1: { b: 1 }, in_3: { d: 1 } };
    expect(await said(client.send(retry(round, responses)))).toEqual(['{"a":1}', '{"b":1}', '{"c":1}']);
  });

  it('one after the other are rounds, each with its own key and state', async () => {
    const client = calling(inTurn(NAME, MODEL, ROOTS));
    const one = await roundOf(client.send(post()));
    const two = await roundOf(client.send(retry(one, { in_0: ACCEPT })));
    const three = await roundOf(client.send(retry(two, { in_1: {} }, 3)));
    expect([one, two, three].map(({ inputRequests }) => Object.keys(inputRequests))).toEqual([
      ['in_0'],
      ['in_1'],
      ['in_2'],
    ]);
    expect(new Set([one, two, three].map(({ requestState }) => requestState)).size).toBe(3);
    for (const old of [one, two]) {
      expect((await client.send(retry(old, { in_0: {}, in_1: {} }, 9)).ended()).answer).toMatchObject({
        error: REFUSED,
      });
    }
    expect(await said(client.send(retry(three, { in_2: {} }, 4)))).toHaveLength(3);
  });

  it('of which one comes while the client has the word: it is the next round', async () => {
    const ask = deferred<void>();
    const client = calling(async (exchange) => {
      const first = exchange.ask(NAME);
      await ask.promise;
      return outcomeOf([textOf(await exchange.ask(ROOTS)), textOf(await first)]);
    });
    const one = await roundOf(client.send(post()));
    ask.resolve();
    await settled();
    const two = await roundOf(client.send(retry(one, { in_0: {} })));
    expect(two.inputRequests).toEqual({ in_1: { method: 'roots/list' } });
    expect(await said(client.send(retry(two, { in_1: { r: 1 } }, 3)))).toEqual(['{"r":1}', '{}']);
  });

  it('are put again, to the character, until every one is answered', async () => {
    const client = calling(atOnce(NAME, MODEL));
    const first = await client.send(post()).ended();
    const round = await roundOf(first);
    for (const responses of [undefined, {}, { in_0: ACCEPT }, { wrong: ACCEPT }]) {
      const again = await client.send(retry(round, responses, 1)).ended();
      expect(again).toMatchObject({ status: 200, body: first.body });
    }
    expect(await said(client.send(retry(round, { in_0: {}, in_1: {} })))).toEqual(['{}', '{}']);
  });

  it('with answers of no known form get an error, and may be answered again', async () => {
    const client = calling(inTurn(NAME));
    const round = await roundOf(client.send(post()));
    for (const responses of [[], 'x', { in_0: null }, { in_0: 'yes' }]) {
      const reply = await client.send(retry(round, responses)).ended();
      expect(reply.answer).toMatchObject({
        id: 2,
        error: { code: -32602, message: expect.stringContaining('inputResponses') },
      });
    }
    expect(await said(client.send(retry(round, { in_0: {} })))).toEqual(['{}']);
  });
});

describe('a requestState', () => {
  const accept = { in_0: ACCEPT };

  it('is good for nobody and nothing else; whatever is wrong, the answer is the same', async () => {
    const client = calling(inTurn(NAME));
    const round = await roundOf(client.send(post()));
    const { requestState } = round;
    const other = new HttpClient(new MemoryEndpoint('two'), client.edge);
    const last = requestState.at(-1) === 'A' ? 'B' : 'A';
    const prompt = { name: 'a', arguments: { x: 1 }, requestState, inputResponses: accept };
    const replies = [
      client.send({ ...retry(round, accept), caller: BOB }),
      other.send(retry(round, accept)),
      client.send({ ...retry(round, accept), upstreamAuthorization: 'Bearer other' }),
      client.send(post({ requestState, inputResponses: accept, name: 'b' }, 2)),
      client.send(post({ requestState, inputResponses: accept, arguments: { x: 2 } }, 2)),
      client.send(modernPost('prompts/get', { ...prompt, _meta: { [META.clientCapabilities]: ALL } }, 2)),
      client.send(post({ requestState: requestState.slice(0, -1) + last, inputResponses: accept }, 2)),
      client.send(post({ requestState: 'never seen', inputResponses: accept }, 2)),
    ];
    for (const reply of replies) {
      expect(await reply.ended()).toMatchObject({ status: 200, headers: {} });
      expect(reply.body).toBe(`{"jsonrpc":"2.0","id":2,"error":${JSON.stringify(REFUSED)}}`);
    }
    expect(await said(client.send(retry(round, accept)))).toEqual([JSON.stringify(ACCEPT)]);
    expect((await client.send(retry(round, accept)).ended()).answer).toMatchObject({ error: REFUSED });
  });

  it('of which two requests make use at one time serves one of them', async () => {
    const client = calling(inTurn(NAME));
    const round = await roundOf(client.send(post()));
    const replies = Array.from({ length: 5 }, (_, index) => client.send(retry(round, { in_0: { by: index } }, index)));
    const answers = await Promise.all(
      replies.map(async (reply) => (await reply.ended()).answer as { error?: unknown }),
    );
    expect(answers.filter(({ error }) => error === undefined)).toHaveLength(1);
    expect(answers.filter(({ error }) => error !== undefined).map(({ error }) => error)).toEqual(
      Array.from({ length: 4 }, () => REFUSED),
    );
  });

  it('is not good any more once its time is over, even before the call is given up', async () => {
    let now = 0;
    const { endpoint } = calling(inTurn(NAME));
    const client = new HttpClient(endpoint, createHttpEdge({ parked: { ttlMs: 1000 }, now: () => now }));
    const round = await roundOf(client.send(post()));
    now = 1000;
    expect((await client.send(retry(round, accept)).ended()).answer).toMatchObject({ error: REFUSED });
    now = 999;
    expect(await said(client.send(retry(round, accept)))).toHaveLength(1);
  });

  it('of an upstream passes to the character, whatever it looks like', async () => {
    const client = new HttpClient();
    client.endpoint.handlers.set('tools/call', async () => resultOutcome(new JsonText('{"resultType":"complete"}')));
    for (const state of ['mine', 'forge-call.', `forge-call.${'A'.repeat(200)}`]) {
      await client.send(post({ requestState: state, inputResponses: accept })).ended();
      expect(client.endpoint.requests.at(-1)?.params?.value).toMatchObject({
        requestState: state,
        inputResponses: accept,
      });
    }
  });

  it('of another process with the same key is not good here', async () => {
    const key = new Uint8Array(32).fill(1);
    const [here, there] = [calling(inTurn(NAME), { key }), calling(inTurn(NAME), { key })];
    await roundOf(here.send(post()));
    const round = await roundOf(there.send(post()));
    expect((await here.send(retry(round, accept)).ended()).answer).toMatchObject({ error: REFUSED });
  });
});

describe('a call that waits for its client', () => {
  it('is given up when the client does not come back: the server is told, and nothing is left', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const ended = deferred<unknown>();
    const client = calling(
      async (exchange) => {
        const answers = await Promise.all([NAME, MODEL].map((ask) => exchange.ask(ask)));
        ended.resolve(answers.map(textOf));
        return outcomeOf([]);
      },
      { ttlMs: 1000 },
    );
    const reply = client.send(post());
    await vi.advanceTimersByTimeAsync(GATHER_MS);
    const round = await roundOf(reply);
    await vi.advanceTimersByTimeAsync(999);
    expect(client.endpoint.notes).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);
    expect(client.endpoint.notes).toEqual(['cancelled: The client did not come back with an answer']);
    expect(await ended.promise).toMatchObject(['{"action":"cancel"}', { code: -32600 }]);
    expect(client.edge.parked).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
    expect((await client.send(retry(round, {})).ended()).answer).toMatchObject({ error: REFUSED });
  });

  it('is not given up while a request waits for its end, however long that takes', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const [answered, go] = [deferred<void>(), deferred<void>()];
    const client = calling(
      async (exchange) => {
        await exchange.ask(NAME);
        answered.resolve();
        await go.promise;
        return outcomeOf([]);
      },
      { ttlMs: 1000 },
    );
    const reply = client.send(post());
    await vi.advanceTimersByTimeAsync(GATHER_MS);
    const second = client.send(retry(await roundOf(reply), { in_0: {} }));
    await answered.promise;
    await vi.advanceTimersByTimeAsync(5000);
    expect(client.endpoint.notes).toEqual([]);
    go.resolve();
    expect(await said(second)).toEqual([]);
  });

  it('that ends while its question is being put is answered by its end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const client = calling(async (exchange) => {
      void exchange.ask(NAME);
      await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
      return outcomeOf(['ended']);
    });
    const reply = client.send(post());
    vi.advanceTimersByTime(GATHER_MS);
    expect(await said(reply)).toEqual(['ended']);
    for (let turn = 0; turn < 10; turn += 1) await digestOf(['the seal takes no longer than this']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('keeps how it ended for a while, if it ends meanwhile', async () => {
    const done = deferred<void>();
    const client = calling(async (exchange) => {
      void exchange.ask(NAME);
      await done.promise;
      return outcomeOf(['gone on without']);
    });
    const round = await roundOf(client.send(post()));
    done.resolve();
    await settled();
    expect(await said(client.send(retry(round, undefined)))).toEqual(['gone on without']);
    expect(client.edge.parked).toBe(0);
  });

  it('does not mind that the client closes the request that was answered', async () => {
    const client = calling(inTurn(NAME));
    const first = client.send(post());
    const round = await roundOf(first);
    first.close();
    expect(client.endpoint.notes).toEqual([]);
    expect(await said(client.send(retry(round, { in_0: {} })))).toEqual(['{}']);
  });

  it('drops what it is told meanwhile, and tells the next request what comes then', async () => {
    const meanwhile = deferred<Exchange>();
    const go = deferred<void>();
    const client = calling(async (exchange) => {
      meanwhile.resolve(exchange);
      await exchange.ask(NAME);
      exchange.note('notifications/progress', new JsonText('{"progressToken":5,"progress":2.0}'));
      await go.promise;
      return outcomeOf([]);
    });
    const round = await roundOf(client.send(post({ _meta: { progressToken: 'one' } })));
    (await meanwhile.promise).note('notifications/progress', new JsonText('{"progressToken":5,"progress":1}'));
    const { requestState } = round;
    const second = client.send(
      post({ requestState, inputResponses: { in_0: {} }, _meta: { progressToken: 'two' } }, 2),
    );
    await second.hasEvents(1);
    expect(second.events[0]).toContain('{"progressToken":"two","progress":2.0}');
    go.resolve();
    expect((await second.ended()).events).toHaveLength(2);
  });

  it('ends with the edge', async () => {
    const client = calling(inTurn(NAME, ROOTS));
    const round = await roundOf(client.send(post()));
    expect(client.edge.parked).toBe(1);
    await client.edge.close();
    await settled();
    expect(client.edge.parked).toBe(0);
    expect(client.endpoint.notes).toEqual(['cancelled: The server is closing']);
    expect((await client.send(retry(round, { in_0: {} })).ended()).answer).toMatchObject({ error: REFUSED });
    expect(await client.send(post()).ended()).toMatchObject({ status: 503 });
  });
});

describe('a call that goes on while the edge closes', () => {
  it('ends by itself', async () => {
    const go = deferred<void>();
    const client = calling(async (exchange) => {
      const answer = await exchange.ask(NAME);
      await go.promise;
      return outcomeOf([textOf(answer)]);
    });
    const round = await roundOf(client.send(post()));
    const second = client.send(retry(round, { in_0: {} }));
    await untilHanded(client, round);
    await client.edge.close();
    go.resolve();
    expect(await said(second)).toEqual(['{}']);
    expect(client.edge.parked).toBe(0);
  });

  it('unless it asks again: nobody could come back', async () => {
    const go = deferred<void>();
    const client = calling(async (exchange) => {
      await exchange.ask(NAME);
      await go.promise;
      return outcomeOf([textOf(await exchange.ask(ROOTS))]);
    });
    const round = await roundOf(client.send(post()));
    const second = client.send(retry(round, { in_0: {} }));
    await untilHanded(client, round);
    await client.edge.close();
    go.resolve();
    expect(await second.ended()).toMatchObject({ answer: { id: 2, error: { code: -32800 } } });
    expect(client.endpoint.notes).toEqual(['cancelled: The server is closing']);
  });
});

describe('a cancellation', () => {
  it('before the question is put reaches the server, and nothing is put', async () => {
    const asked = deferred<void>();
    const client = calling(async (exchange) => {
      const cancelled = new Promise<string | undefined>((resolve) => exchange.onCancel(resolve));
      void exchange.ask(NAME);
      asked.resolve();
      client.endpoint.notes.push(String(await cancelled));
      return outcomeOf([]);
    });
    const reply = client.send(post());
    await asked.promise;
    reply.close();
    await settled();
    expect(client.endpoint.notes).toEqual(['The client closed the stream']);
    expect(client.edge.parked).toBe(0);
    expect(reply.isEnded).toBe(false);
  });

  it('of the request that carries the call on reaches the server', async () => {
    const answered = deferred<void>();
    const cancelled = deferred<string | undefined>();
    const client = calling(async (exchange) => {
      exchange.onCancel(cancelled.resolve);
      await exchange.ask(NAME);
      answered.resolve();
      await cancelled.promise;
      return outcomeOf([]);
    });
    const round = await roundOf(client.send(post()));
    const second = client.send(retry(round, { in_0: {} }));
    await answered.promise;
    second.close();
    expect(await cancelled.promise).toBe('The client closed the stream');
    await settled();
    expect(client.edge.parked).toBe(0);
  });
});

describe('a client that did not say it can be asked', () => {
  it.each([
    [NAME, {}, { elicitation: {} }],
    [NAME, { elicitation: { url: {} } }, { elicitation: { form: {} } }],
    [{ ...NAME, params: new JsonText('{"mode":"url"}') }, { elicitation: {} }, { elicitation: { url: {} } }],
    [MODEL, { elicitation: {} }, { sampling: {} }],
    [ROOTS, {}, { roots: {} }],
  ])('is told what it lacks, and the server that nobody waits', async (ask, capabilities, requiredCapabilities) => {
    const client = calling(inTurn(ask));
    const reply = await client.send(post({}, 1, capabilities)).ended();
    expect(reply).toMatchObject({
      status: 400,
      answer: { id: 1, error: { code: -32021, data: { requiredCapabilities } } },
    });
    await settled();
    expect(client.endpoint.notes).toHaveLength(1);
    expect(client.edge.parked).toBe(0);
  });

  it('any more is told so when it comes back', async () => {
    const client = calling(inTurn(NAME, ROOTS));
    const { requestState } = await roundOf(client.send(post()));
    const reply = client.send(post({ requestState, inputResponses: { in_0: {} } }, 2, { elicitation: {} }));
    expect(await reply.ended()).toMatchObject({ status: 400, answer: { id: 2, error: { code: -32021 } } });
  });
});

describe('the room for calls that wait', () => {
  it('is bounded: what asks beyond it is told to come back later, and cancelled', async () => {
    const client = calling(inTurn(NAME), { max: 2 });
    const round = await roundOf(client.send(post({}, 1)));
    await roundOf(client.send({ ...post({}, 2), caller: BOB }));
    expect(await client.send(post({}, 3)).ended()).toMatchObject({
      status: 503,
      headers: { 'Retry-After': '10' },
      answer: { error: { code: -32010 } },
    });
    expect(client.endpoint.notes).toHaveLength(1);
    await said(client.send(retry(round, { in_0: {} })));
    await roundOf(client.send(post({}, 4)));
  });

  it('is shared: no caller can take all of it', async () => {
    const client = calling(inTurn(NAME), { maxPerCaller: 1 });
    await roundOf(client.send(post()));
    expect(await client.send(post({}, 2)).ended()).toMatchObject({ status: 503 });
    await roundOf(client.send({ ...post({}, 3), caller: BOB }));
  });
});

describe('a call that is asked nothing', () => {
  it('leaves no timer behind', async () => {
    vi.useFakeTimers();
    const client = calling(inTurn());
    await said(client.send(post()));
    vi.advanceTimersByTime(SWEEP_MS);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('on a channel', () => {
  function connected(serve: Serve) {
    const { endpoint } = calling(serve);
    const channel = new MemoryChannel();
    serveChannel(endpoint, channel, { caller: ALICE });
    const send = (id: unknown, params: Params = {}): void => {
      const _meta = modernMeta({ [META.clientCapabilities]: ALL });
      channel.receive({ jsonrpc: '2.0', id, method: 'tools/call', params: { name: 'a', ...params, _meta } });
    };
    return { endpoint, channel, send };
  }

  it('the same, and a request that was answered cannot be cancelled any more', async () => {
    const { endpoint, channel, send } = connected(inTurn(NAME, ROOTS));
    send(1);
    const [{ result }] = (await channel.has(1)) as unknown as [{ result: Round }];
    channel.receive({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1 } });
    expect(endpoint.notes).toEqual([]);
    // Its id is free again, as far as we are concerned.
    send(1, { requestState: result.requestState, inputResponses: { in_0: {} } });
    const [, second] = (await channel.has(2)) as unknown as [unknown, { result: Round }];
    send(2, { requestState: second.result.requestState, inputResponses: { in_1: {} } });
    expect((await channel.has(3))[2]).toMatchObject({ id: 2, result: { said: ['{}', '{}'] } });
  });

  it('a request that carries a call on is cancelled by its own id', async () => {
    const answered = deferred<void>();
    const { endpoint, channel, send } = connected(async (exchange) => {
      await exchange.ask(NAME);
      answered.resolve();
      return new Promise(() => {});
    });
    send(1);
    const [{ result }] = (await channel.has(1)) as unknown as [{ result: Round }];
    send(2, { requestState: result.requestState, inputResponses: { in_0: {} } });
    await answered.promise;
    channel.receive({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 2, reason: 'enough' } });
    expect(endpoint.notes).toEqual(['cancelled: enough']);
  });

  it('the id of an answered request may be another one’s before the call has ended', async () => {
    const { endpoint, channel, send } = connected(inTurn(NAME));
    endpoint.handlers.set('prompts/get', (_request, exchange) => {
      exchange.onCancel((reason) => endpoint.notes.push(`prompt: ${reason}`));
      return new Promise(() => {});
    });
    send(1);
    const [{ result }] = (await channel.has(1)) as unknown as [{ result: Round }];
    channel.receive({ jsonrpc: '2.0', id: 1, method: 'prompts/get', params: { name: 'p', _meta: modernMeta() } });
    send(2, { requestState: result.requestState, inputResponses: { in_0: {} } });
    await channel.has(2);
    await settled();
    channel.receive({ jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId: 1, reason: 'enough' } });
    expect(endpoint.notes).toEqual(['prompt: enough']);
  });

  it('a call that waits ends with the connection', async () => {
    const { endpoint, channel, send } = connected(inTurn(NAME));
    send(1);
    await channel.has(1);
    channel.onClose(new Error('gone'));
    expect(endpoint.notes).toHaveLength(1);
  });
});
