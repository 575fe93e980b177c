import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { ForgeError } from '@forge/core';
import type { TokenUsage, Upstream } from '@forge/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readConfig } from '../config.ts';
import { callTool, NO_EVENTS, recordOf, request, upstreamOf } from '../upstream.fixture.ts';

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  // oxlint-disable-next-line typescript/no-explicit-any -- bodies of every vendor
  readonly body: any;
}

let server: Server;
let url: string;
let asked: Asked[];
let answer: (response: ServerResponse) => void;
let upstream: Upstream;
/** What the upstream told that calls have used. */
let used: TokenUsage[];
beforeEach(async () => {
  asked = [];
  server = createServer((incoming, response) => void serve(incoming, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(async () => {
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
  const text = await new Response(incoming).text();
  const { method = '', url: path = '', headers } = incoming;
  asked.push({ method, path, headers, body: text === '' ? undefined : JSON.parse(text) });
  if (method === 'GET') response.end('{}');
  else answer(response);
}

function open(path: string, config: object, headers: Record<string, string> = {}): void {
  const sent = Object.entries(headers).map(([name, value]) => ({ name, value }));
  used = [];
  const fields = { url: url + path, config: JSON.stringify(config), headers: sent };
  upstream = upstreamOf(fields, {}, { ...NO_EVENTS, used: (usage) => used.push(usage) });
}

/** Calls the one tool; without progress, where it is not wanted. */
async function ask(args: object, wantsProgress = true) {
  if (wantsProgress) return callTool(upstream, 'a2a_suite', args);
  const { call } = upstream;
  const plain: Upstream = {
    ...upstream,
    call: (sent, exchange) => call({ ...sent, progressToken: undefined }, exchange),
  };
  return callTool(plain, 'a2a_suite', args);
}

function events(response: ServerResponse, ...sent: (object | string)[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  for (const one of sent) response.write(`data: ${typeof one === 'string' ? one : JSON.stringify(one)}\n\n`);
  response.end();
}

const json = (response: ServerResponse, body: object, status = 200): void =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

describe('an OpenAI-compatible endpoint', () => {
  const config = { agentType: 'openai', model: 'm-1', system: 'Be brief.', parameters: { temperature: 0 } };

  it('is asked by its own request, and tells what it counted', async () => {
    open('/v1', config, { Authorization: 'Bearer key' });
    answer = (response) =>
      json(response, {
        choices: [{ message: { role: 'assistant', content: 'Hi!' }, finish_reason: 'stop' }],
        usage: { prompt_tokens: 9, completion_tokens: 2, total_tokens: 11 },
      });
    const { result } = await ask({ query: 'Hello', files: [{ mimeType: 'image/png', data: 'aGk=' }] }, false);
    expect(result).toEqual({
      resultType: 'complete',
      content: [{ type: 'text', text: 'Hi!' }],
      _meta: { 'forge/usage': { inputTokens: 9, outputTokens: 2 }, 'forge/stopReason': 'stop' },
    });
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/models',
      'POST /v1/chat/completions',
    ]);
    expect(asked[1]?.headers).toMatchObject({ authorization: 'Bearer key', accept: 'application/json' });
    expect(asked[1]?.body).toEqual({
      temperature: 0,
      model: 'm-1',
      messages: [
        { role: 'system', content: 'Be brief.' },
        {
          role: 'user',
          content: [
            { type: 'text', text: 'Hello' },
            { type: 'image_url', image_url: { url: 'data:image/png;base64,aGk=' } },
          ],
        },
      ],
    });
  });

  it('streams to who wants progress', async () => {
    open('/v1/chat/completions', config);
    answer = (response) =>
      events(
        response,
        { choices: [{ delta: { role: 'assistant', content: '' } }] },
        { choices: [{ delta: { content: 'One ' } }] },
        { choices: [{ delta: { content: 'two' }, finish_reason: null }] },
        { choices: [{ delta: {}, finish_reason: 'length' }] },
        { choices: [], usage: { prompt_tokens: 3, completion_tokens: 4 } },
        '[DONE]',
      );
    const { result, progress } = await ask({ query: 'Count' });
    expect(asked[1]?.body).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(result).toMatchObject({
      content: [{ text: 'One two' }],
      _meta: { 'forge/usage': { inputTokens: 3, outputTokens: 4 }, 'forge/stopReason': 'length' },
    });
    expect(progress.join('')).toBe('One two');
  });

  it('may answer whole although it was asked for a stream', async () => {
    open('', config);
    answer = (response) => json(response, { choices: [{ message: { content: 'whole' } }] });
    expect((await ask({ query: 'x' })).result.content).toEqual([{ type: 'text', text: 'whole' }]);
    expect(asked[1]?.path).toBe('/v1/chat/completions');
  });

  it('says in its words what it does not do', async () => {
    open('/v1', config);
    answer = (response) => json(response, { error: { message: 'No such model', type: 'invalid_request_error' } }, 404);
    expect((await ask({ query: 'x' })).result).toMatchObject({
      isError: true,
      content: [{ text: 'The endpoint refused it (HTTP 404): No such model' }],
    });
    answer = (response) => json(response, { choices: [{ message: { content: null, refusal: 'I will not' } }] });
    expect((await ask({ query: 'x' })).result).toMatchObject({ isError: true, content: [{ text: 'I will not' }] });
    answer = (response) =>
      events(response, { choices: [{ delta: { content: 'a' } }] }, { error: { message: 'overloaded' } });
    expect((await ask({ query: 'x' })).result.content[0].text).toBe('The endpoint failed: overloaded');
    answer = (response) => events(response, { choices: [{ delta: { content: 'a' } }] });
    expect((await ask({ query: 'x' })).error?.message).toBe('The answer broke off before its end');
    answer = (response) => void response.end('<html>');
    expect((await ask({ query: 'x' })).error?.message).toBe('The answer is no JSON');
  });

  it('is not asked what cannot be asked', async () => {
    open('/v1', config);
    expect((await ask({})).error).toMatchObject({ code: -32602, message: 'query: must be a text' });
    const files = [{ mimeType: 'text/plain', data: 'aGk=' }];
    expect((await ask({ query: 'x', files })).error?.message).toContain('files[0]: must be an image');
    expect(asked.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('that refuses the credentials is not connected', async () => {
    open('/v1', config);
    server.removeAllListeners('request');
    server.on('request', (_, response: ServerResponse) => response.writeHead(401).end());
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_error' });
  });
});

describe('an Anthropic endpoint', () => {
  const config = { agentType: 'anthropic', model: 'c-1', maxTokens: 100, system: 'Be kind.' };

  it('is asked by its own request, and tells what it counted', async () => {
    open('', config, { 'x-api-key': 'key' });
    answer = (response) =>
      json(response, {
        content: [
          { type: 'text', text: 'Good ' },
          { type: 'text', text: 'day' },
        ],
        stop_reason: 'end_turn',
        usage: { input_tokens: 5, output_tokens: 6 },
      });
    const { result } = await ask({ query: 'Hello' }, false);
    expect(result).toMatchObject({
      content: [{ text: 'Good day' }],
      _meta: { 'forge/usage': { inputTokens: 5, outputTokens: 6 }, 'forge/stopReason': 'end_turn' },
    });
    expect(asked[1]).toMatchObject({
      path: '/v1/messages',
      headers: { 'x-api-key': 'key', 'anthropic-version': '2023-06-01' },
      body: { model: 'c-1', max_tokens: 100, system: 'Be kind.', messages: [{ role: 'user', content: 'Hello' }] },
    });
    expect(asked[1]?.body).not.toHaveProperty('stream');
  });

  it('streams to who wants progress', async () => {
    open('/v1/messages', config);
    answer = (response) =>
      events(
        response,
        { type: 'message_start', message: { usage: { input_tokens: 7, output_tokens: 1 } } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'ping' },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'a' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'b' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 8 } },
        { type: 'message_stop' },
      );
    const { result, progress } = await ask({ query: 'x' });
    expect(result).toMatchObject({
      content: [{ text: 'ab' }],
      _meta: { 'forge/usage': { inputTokens: 7, outputTokens: 8 } },
    });
    expect(progress.join('')).toBe('ab');
  });

  it('says in its words what it does not do', async () => {
    open('', config);
    answer = (response) =>
      events(response, { type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } });
    expect((await ask({ query: 'x' })).result.content[0].text).toBe('The endpoint failed: Overloaded');
    answer = (response) => events(response, { type: 'message_start', message: {} });
    expect((await ask({ query: 'x' })).error?.message).toContain('broke off');
  });
});

describe('what was counted is told', () => {
  const openai = { agentType: 'openai', model: 'm' };
  const anthropic = { agentType: 'anthropic', model: 'm' };
  const message = { content: [{ type: 'text', text: 'x' }], usage: { input_tokens: 5, output_tokens: 6 } };

  it('once for each call that counts', async () => {
    open('/v1', openai);
    const usage = { prompt_tokens: 9, completion_tokens: 2 };
    answer = (response) => json(response, { choices: [{ message: { content: null, refusal: 'No' } }], usage });
    await ask({ query: 'x' }, false);
    answer = (response) =>
      events(response, { choices: [{ delta: {}, finish_reason: 'stop' }] }, { choices: [], usage }, '[DONE]');
    await ask({ query: 'x' });
    answer = (response) => json(response, { choices: [{ message: { content: 'y' } }] });
    await ask({ query: 'x' });
    expect(used).toEqual(Array.from({ length: 2 }, () => ({ inputTokens: 9, outputTokens: 2 })));
  });

  it('with what a cache has read or written', async () => {
    open('', anthropic);
    const usage = { ...message.usage, cache_creation_input_tokens: 100, cache_read_input_tokens: null };
    answer = (response) => json(response, { ...message, usage });
    await ask({ query: 'x' }, false);
    expect(used).toEqual([{ inputTokens: 105, outputTokens: 6 }]);
  });

  it('of an answer that breaks off, too', async () => {
    open('', anthropic);
    answer = (response) => events(response, { type: 'message_start', message });
    expect((await ask({ query: 'x' })).error?.message).toContain('broke off');
    expect(used).toEqual([{ inputTokens: 5, outputTokens: 6 }]);
  });
});

describe('a custom endpoint', () => {
  it('is asked by a template, and answers where a pointer says', async () => {
    const body = { input: { text: 'Say: {{query}}!', options: '{{ options }}', n: 1 }, tags: ['{{query}}'] };
    open('/ask', { agentType: 'custom', request: body, answer: '/out/0/te~1xt' });
    answer = (response) => json(response, { out: [{ 'te/xt': 'said' }] });
    const { result } = await ask({ query: 'a "quote"', options: { deep: true } });
    expect(result.content).toEqual([{ type: 'text', text: 'said' }]);
    expect(asked).toEqual([
      expect.objectContaining({
        path: '/ask',
        body: { input: { text: 'Say: a "quote"!', options: { deep: true }, n: 1 }, tags: ['a "quote"'] },
      }),
    ]);
    const { result: list } = await request(upstream, 'tools/list', {});
    expect(list.tools[0].inputSchema).toEqual({
      type: 'object',
      properties: { query: { type: 'string' }, options: {} },
      required: ['query'],
    });
  });

  it('gets what ContextForge sends, and its whole answer is the result, where nothing is said', async () => {
    open('/ask', { agentType: 'custom' });
    answer = (response) => json(response, { ok: [1] });
    const { result } = await ask({ query: 'hi' });
    expect(asked[0]?.body).toEqual({ interaction_type: 'query', parameters: { query: 'hi' }, protocol_version: '1.0' });
    expect(result).toMatchObject({ structuredContent: { ok: [1] }, content: [{ text: '{"ok":[1]}' }] });
  });

  it('says so where there is no answer', async () => {
    open('/ask', { agentType: 'custom', answer: '/text' });
    answer = (response) => json(response, { other: 1 });
    expect((await ask({ query: 'x' })).result).toMatchObject({
      isError: true,
      content: [{ text: 'The answer has nothing at "/text"' }],
    });
  });
});

describe('a config', () => {
  it.each<[object, string, Record<string, string>?]>([
    [{ agentType: 'magic' }, 'config.agentType: '],
    [{ agentType: 'openai' }, 'config.model: is missing'],
    [
      { agentType: 'openai', model: 'm', parameters: { tools: [] } },
      'config.parameters.tools: is set by the gateway itself',
    ],
    [{ agentType: 'a2a', nonsense: 1 }, 'config.nonsense: is not known here'],
    [{ endpoint: { protocolVersion: 'x' } }, 'config.endpoint.protocolVersion: must be like "1.0"'],
    [{ agentType: 'custom', answer: 'text' }, 'config.answer: must be a JSON pointer'],
    [{ query: { key: 'k' } }, 'config.query.key: names a secret that is not given'],
    [{}, 'secrets.k: is used nowhere', { k: 'v' }],
    [{ keys: [{ kty: 'oct', k: 'x' }] }, 'config.keys.0.kty: '],
  ])('%j is refused: %s', (config, why, secrets) => {
    upstream = upstreamOf({ url });
    const read = () => readConfig(recordOf({ url, config: JSON.stringify(config), secrets }));
    expect(read).toThrow(ForgeError);
    expect(read).toThrow(why);
  });
});
