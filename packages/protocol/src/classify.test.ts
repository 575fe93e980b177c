import { describe, expect, it } from 'vitest';
import { classify, progressTokenOf, targetOf } from './classify.ts';
import type { ForgeError } from './errors.ts';
import type { HeaderBag } from './headers.ts';
import { JsonText } from './json-text.ts';
import { readBody } from './message.ts';
import { toRpcError } from './outcome.ts';

const META = {
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
  'io.modelcontextprotocol/clientCapabilities': { sampling: {} },
};
const HEADERS = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': 'tools/call', 'mcp-name': 'echo' };
const PARAMS = { name: 'echo', arguments: {}, _meta: META };

const body = (method: string, params?: unknown, id: unknown = 1) =>
  readBody(JSON.stringify({ jsonrpc: '2.0', id, method, params }));
const listing = (headers: HeaderBag, meta: unknown, method = 'tools/list') =>
  classify({ 'mcp-protocol-version': '2026-07-28', 'mcp-method': method, ...headers }, body(method, { _meta: meta }));

/** HTTP status and JSON-RPC code of the refusal. */
function refusal(work: () => unknown): [status: number, code: number, data?: unknown] {
  try {
    work();
  } catch (error) {
    const rpc = toRpcError(error);
    const { httpStatus } = (error as ForgeError).meaning;
    return rpc.data === undefined ? [httpStatus, rpc.code] : [httpStatus, rpc.code, rpc.data.value];
  }
  throw new Error('was not refused');
}

describe('classify', () => {
  it('reads the envelope of a modern request', () => {
    const meta = { ...META, 'io.modelcontextprotocol/logLevel': 'info', progressToken: 'p', 'com.example/x': 1 };
    const message = body('tools/call', { ...PARAMS, _meta: meta });
    expect(classify(HEADERS, message)).toMatchObject({
      era: 'modern',
      message,
      envelope: {
        target: 'echo',
        protocolVersion: '2026-07-28',
        capabilities: { text: '{"sampling":{}}' },
        info: { text: '{"name":"c","version":"1"}' },
        logLevel: 'info',
        progressToken: '"p"',
      },
    });
  });

  it('needs no headers on a transport that has none', () => {
    expect(classify(undefined, body('tools/call', PARAMS))).toMatchObject({
      era: 'modern',
      envelope: { target: 'echo' },
    });
  });

  it('needs no client information and no level', () => {
    const { 'io.modelcontextprotocol/clientInfo': _, ...meta } = META;
    const { envelope } = listing({}, meta) as { envelope: object };
    expect(envelope).toMatchObject({ info: undefined, logLevel: undefined, progressToken: undefined });
  });

  it.each([
    ['no _meta', {}],
    ['no params', undefined],
    ['a _meta that is no object', { _meta: [] }],
    ['no version', { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': undefined } }],
    ['a version that is no string', { _meta: { ...META, 'io.modelcontextprotocol/protocolVersion': 7 } }],
    ['no capabilities', { _meta: { ...META, 'io.modelcontextprotocol/clientCapabilities': undefined } }],
    ['capabilities that are no object', { _meta: { ...META, 'io.modelcontextprotocol/clientCapabilities': [] } }],
    ['client information that is no object', { _meta: { ...META, 'io.modelcontextprotocol/clientInfo': 'c' } }],
    ['an unknown log level', { _meta: { ...META, 'io.modelcontextprotocol/logLevel': 'loud' } }],
  ])('refuses a modern header with %s, never falling back to the legacy era', (_, params) => {
    for (const method of ['tools/list', 'initialize']) {
      const headers = { 'mcp-protocol-version': '2026-07-28', 'mcp-method': method };
      expect(refusal(() => classify(headers, body(method, params)))).toEqual([400, -32602]);
    }
  });

  it('refuses an envelope whose header is missing or differs, before it looks at the version', () => {
    const unknown = { ...META, 'io.modelcontextprotocol/protocolVersion': 'v999' };
    expect(refusal(() => listing({ 'mcp-protocol-version': undefined }, META))).toEqual([400, -32020]);
    expect(refusal(() => listing({ 'mcp-protocol-version': '2025-11-25' }, META))).toEqual([400, -32020]);
    expect(refusal(() => listing({}, unknown))).toEqual([400, -32020]);
  });

  it('refuses an unknown version and says which ones are known, before it looks at the method', () => {
    const unknown = { ...META, 'io.modelcontextprotocol/protocolVersion': 'v999' };
    const headers = { 'mcp-protocol-version': 'v999', 'mcp-method': 'other' };
    expect(refusal(() => listing(headers, unknown, 'tools/call'))).toEqual([
      400,
      -32022,
      { supported: ['2026-07-28', '2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'], requested: 'v999' },
    ]);
  });

  it('refuses a legacy version in a modern envelope, and does not offer it again', () => {
    const legacy = { ...META, 'io.modelcontextprotocol/protocolVersion': '2025-11-25' };
    expect(refusal(() => listing({ 'mcp-protocol-version': '2025-11-25' }, legacy))).toEqual([
      400,
      -32022,
      { supported: ['2026-07-28', '2025-06-18', '2025-03-26', '2024-11-05'], requested: '2025-11-25' },
    ]);
  });

  it('refuses a method or a name that the headers do not repeat', () => {
    for (const headers of [
      { 'mcp-method': undefined },
      { 'mcp-method': 'Tools/Call' },
      { 'mcp-name': undefined },
      { 'mcp-name': 'x' },
    ])
      expect(refusal(() => classify({ ...HEADERS, ...headers }, body('tools/call', PARAMS)))).toEqual([400, -32020]);
  });

  it.each(['initialize', 'ping', 'logging/setLevel', 'resources/subscribe', 'resources/unsubscribe'])(
    'knows no %s in the modern era, headers checked first',
    (method) => {
      expect(refusal(() => listing({}, META, method))).toEqual([404, -32601]);
      expect(refusal(() => listing({ 'mcp-method': 'x' }, META, method))).toEqual([400, -32020]);
    },
  );

  it('takes a notification as modern by its header or by its envelope', () => {
    const bare = readBody('{"jsonrpc":"2.0","method":"n"}');
    const claiming = readBody(JSON.stringify({ jsonrpc: '2.0', method: 'n', params: { _meta: META } }));
    expect(classify({ 'mcp-protocol-version': '2026-07-28' }, bare)).toEqual({ era: 'modern', message: bare });
    expect(classify({ 'mcp-protocol-version': '2026-07-28' }, claiming)).toMatchObject({ era: 'modern' });
    expect(classify(undefined, claiming)).toMatchObject({ era: 'modern' });
    expect(refusal(() => classify({ 'mcp-protocol-version': '2025-11-25' }, claiming))).toEqual([400, -32020]);
    expect(classify({}, bare)).toEqual({ era: 'legacy', body: bare, protocolVersion: undefined });
  });

  it('takes everything else as legacy, with the version of its header', () => {
    for (const version of [undefined, '2025-11-25', ' 2025-06-18 ', '2025-03-26', '2024-11-05']) {
      for (const message of [
        body('tools/call', { name: 'echo', _meta: { progressToken: 1 } }),
        body('initialize', { protocolVersion: '2025-11-25' }),
        readBody('{"jsonrpc":"2.0","id":1,"result":{}}'),
        readBody('[{"jsonrpc":"2.0","method":"n"}]'),
      ]) {
        const protocolVersion = version?.trim();
        expect(classify({ 'mcp-protocol-version': version }, message)).toEqual({
          era: 'legacy',
          body: message,
          protocolVersion,
        });
      }
    }
  });

  it('refuses an unknown legacy version, except on initialize, which negotiates', () => {
    const headers = { 'mcp-protocol-version': '2024-10-07' };
    expect(refusal(() => classify(headers, body('tools/list'))).slice(0, 2)).toEqual([400, -32022]);
    expect(classify(headers, body('initialize', {}))).toMatchObject({ era: 'legacy' });
  });

  it('refuses batches and responses in the modern era', () => {
    const claiming = [body('tools/call', PARAMS)].flat();
    const modern = { 'mcp-protocol-version': '2026-07-28' };
    expect(refusal(() => classify({}, [...[body('ping')].flat(), ...claiming]))).toEqual([400, -32600]);
    expect(refusal(() => classify(modern, [body('ping')].flat()))).toEqual([400, -32600]);
    expect(refusal(() => classify(modern, readBody('{"jsonrpc":"2.0","id":1,"result":{}}')))).toEqual([400, -32600]);
  });

  it('is not fooled by an envelope that only the prototype has', () => {
    const message = readBody(
      '{"jsonrpc":"2.0","id":1,"method":"m","params":{"__proto__":{"_meta":{}},"_meta":{"__proto__":{"io.modelcontextprotocol/protocolVersion":"2026-07-28"}}}}',
    );
    expect(classify({}, message)).toMatchObject({ era: 'legacy' });
  });
});

describe('targetOf', () => {
  const params = (text: string) => JsonText.parse(text);

  it('reads what a method is about', () => {
    expect(targetOf('tools/call', params('{"name":"a"}'))).toBe('a');
    expect(targetOf('prompts/get', params('{"n\\u0061me":"a\\u0062"}'))).toBe('ab');
    expect(targetOf('resources/read', params('{"uri":"file:///x","name":"n"}'))).toBe('file:///x');
    for (const method of ['tasks/get', 'tasks/update', 'tasks/cancel'])
      expect(targetOf(method, params('{"taskId":"t"}'))).toBe('t');
    for (const method of ['tools/list', 'constructor'])
      expect(targetOf(method, params('{"name":"a"}'))).toBeUndefined();
  });

  it('refuses a missing target, and two members that peers could read differently', () => {
    const texts = [
      '{}',
      '{"name":7}',
      '{"Name":"a"}',
      '{"name":"a","name":"b"}',
      '{"name":"a","NAME":"b"}',
      '{"name":"a","arguments":{},"arguments":{"x":1}}',
      '{"name":"a","n\\u0061me":"b"}',
      '{"name":"a","_meta":{},"_Meta":{}}',
      '{"name":"a","Arguments":{"x":1}}',
      '{"name":"a","argument\\u017f":{"x":1}}',
      '{"name":"a","arguments":{},"argumentſ":{"x":1}}',
      '{"name":"a","ta\\u017f\\u212aid":"t"}',
    ];
    for (const text of texts) expect(refusal(() => targetOf('tools/call', params(text)))).toEqual([400, -32602]);
    expect(refusal(() => targetOf('tools/call', undefined))).toEqual([400, -32602]);
    expect(targetOf('tools/call', params('{"name":"a","x":1,"x":2,"X":3}'))).toBe('a');
  });
});

describe('progressTokenOf', () => {
  it('keeps the token as it was written, and takes no other types', () => {
    const token = (raw: string) => progressTokenOf(JsonText.parse(`{"_meta":{"progressToken":${raw}}}`));
    for (const raw of ['"a\\u0062"', '0', '-1.0', '12345678901234567890']) expect(token(raw)).toBe(raw);
    for (const raw of ['null', 'true', '{}', '[1]']) expect(token(raw)).toBeUndefined();
    expect(progressTokenOf(undefined)).toBeUndefined();
  });
});
