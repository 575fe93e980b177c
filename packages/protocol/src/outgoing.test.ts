import { describe, expect, it } from 'vitest';
import type { Client, ExchangeRequest } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { legacyAffinity, legacyParams, modernParams, nextLogLevel, SHARED } from './outgoing.ts';

const OURS = new JsonText('{"name":"forge","version":"0"}');
const HOP = { protocolVersion: '2026-07-28', clientInfo: OURS };
const ENVELOPE =
  '"io.modelcontextprotocol/protocolVersion":"2026-07-28",' +
  '"io.modelcontextprotocol/clientCapabilities":{"sampling":{}},' +
  '"io.modelcontextprotocol/clientInfo":{"name":"c","version":"1"}';

function client(era: 'modern' | 'legacy', over: Partial<Client> = {}): Client {
  return {
    era,
    protocolVersion: era === 'modern' ? '2026-07-28' : '2025-11-25',
    caller: { id: 'alice' },
    capabilities: new JsonText('{"sampling":{}}'),
    info: new JsonText('{"name":"c","version":"1"}'),
    ...over,
  };
}

function request(from: Client, params?: string, progressToken?: string): ExchangeRequest {
  return {
    method: 'tools/call',
    params: params === undefined ? undefined : new JsonText(params),
    client: from,
    progressToken,
  };
}

describe('params for a modern upstream', () => {
  it('are the very same object when nothing differs', () => {
    const sent = request(client('modern'), `{ "name" : "t", "n": 1.0, "_meta":{${ENVELOPE},"traceparent":"00-1"} }`);
    expect(modernParams(sent, HOP)).toBe(sent.params);
  });

  it('carry our progress token in the place of the client’s', () => {
    const sent = request(client('modern'), `{"_meta":{"progressToken":"theirs",${ENVELOPE}},"name":"t"}`, '"theirs"');
    expect(modernParams(sent, { ...HOP, progressToken: '7' }).text).toBe(
      `{"_meta":{"progressToken":7,${ENVELOPE}},"name":"t"}`,
    );
  });

  it('get the whole envelope from what a legacy client said at initialize', () => {
    const sent = request(client('legacy', { logLevel: 'error' }), '{"name":"t","_meta":{"vendor/x":1}}');
    expect(modernParams(sent, HOP).value).toEqual({
      name: 't',
      _meta: {
        'vendor/x': 1,
        'io.modelcontextprotocol/protocolVersion': '2026-07-28',
        'io.modelcontextprotocol/clientCapabilities': { sampling: {} },
        'io.modelcontextprotocol/clientInfo': { name: 'c', version: '1' },
        'io.modelcontextprotocol/logLevel': 'error',
      },
    });
  });

  it('ask for every log message when a legacy client never set a level, and for none when a modern one did not', () => {
    const level = (from: Client) =>
      modernParams(request(from), HOP).member('_meta')?.member('io.modelcontextprotocol/logLevel')?.text;
    expect(level(client('legacy'))).toBe('"debug"');
    expect(level(client('modern'))).toBeUndefined();
  });

  it('name Forge when the client did not name itself', () => {
    const params = modernParams(request(client('legacy', { info: undefined })), HOP);
    expect(params.member('_meta')?.member('io.modelcontextprotocol/clientInfo')?.text).toBe(OURS.text);
  });

  it('declare what the client does, but no tasks of 2025-11-25, and for a legacy client no tasks at all', () => {
    const capabilities = new JsonText(
      '{"tasks":{},"extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{"a":1}},"roots":{}}',
    );
    const declared = (from: Client) =>
      modernParams(request(from), HOP).member('_meta')?.member('io.modelcontextprotocol/clientCapabilities')?.text;
    expect(declared(client('modern', { capabilities }))).toBe(
      '{"extensions":{"io.modelcontextprotocol/tasks":{},"io.modelcontextprotocol/ui":{"a":1}},"roots":{}}',
    );
    expect(declared(client('legacy', { capabilities }))).toBe(
      '{"extensions":{"io.modelcontextprotocol/ui":{"a":1}},"roots":{}}',
    );
  });
});

describe('params for a legacy upstream', () => {
  it('lose the envelope and keep everything else', () => {
    const sent = request(client('modern'), `{"_meta":{${ENVELOPE},"traceparent":"00-1"},"name":"t","n":1.0}`);
    expect(legacyParams(sent)?.text).toBe('{"_meta":{"traceparent":"00-1"},"name":"t","n":1.0}');
  });

  it('lose a _meta that held nothing but the envelope', () => {
    expect(legacyParams(request(client('modern'), `{"_meta":{${ENVELOPE}},"name":"t"}`))?.text).toBe('{"name":"t"}');
  });

  it('keep an empty _meta that the client sent', () => {
    const sent = request(client('legacy'), '{"_meta":{},"name":"t"}');
    expect(legacyParams(sent)).toBe(sent.params);
  });

  it('stay absent when there is nothing to say, and appear for a progress token', () => {
    expect(legacyParams(request(client('legacy')))).toBeUndefined();
    expect(legacyParams(request(client('legacy')), '3')?.text).toBe('{"_meta":{"progressToken":3}}');
  });
});

describe('the legacy session of a client', () => {
  const silent = new JsonText('{"experimental":{}}');

  it('is the shared one when nobody can be asked', () => {
    expect(legacyAffinity(client('modern', { capabilities: silent }))).toBe(SHARED);
    expect(legacyAffinity(client('legacy', { capabilities: silent, sessionId: 's' }))).toBe(SHARED);
  });

  it('is its own when it has one at our edge and can be asked', () => {
    const affinity = legacyAffinity(client('legacy', { sessionId: 's' }));
    expect(affinity).toMatchObject({ key: 'session:s', sessionId: 's' });
    expect(affinity.capabilities.text).toBe('{"sampling":{}}');
  });

  it('is its own whatever it declares, where every session is paired', () => {
    const from = client('legacy', { capabilities: silent, sessionId: 's' });
    expect(legacyAffinity(from, true)).toMatchObject({ key: 'session:s', sessionId: 's' });
  });

  it('is shared by clients without a session that can be asked the same', () => {
    const one = legacyAffinity(
      client('modern', { capabilities: new JsonText('{"roots":{},"elicitation":{"url":{}},"x":1}') }),
    );
    const two = legacyAffinity(
      client('modern', { capabilities: new JsonText('{"elicitation":{"url":{}},"roots":{}}') }),
    );
    const other = legacyAffinity(client('modern', { capabilities: new JsonText('{"elicitation":{}}') }));
    expect(one.key).toBe(two.key);
    expect(one.sessionId).toBeUndefined();
    expect(one.capabilities.value).toEqual({ elicitation: { url: {} }, roots: {} });
    expect(other.key).not.toBe(one.key);
  });
});

describe('MCP Apps at a legacy upstream', () => {
  const UI = '"extensions":{"io.modelcontextprotocol/ui":{"mimeTypes":["text/html;profile=mcp-app"]}}';
  const declaring = (rest: string) => new JsonText(`{${UI.replace('}}}', '},"a/b":{}}}')}${rest}}`);

  it('are declared on the shared session, where anybody may have them', () => {
    expect(SHARED.capabilities.text).toBe(`{${UI}}`);
    expect(legacyAffinity(client('modern', { capabilities: declaring('') }))).toBe(SHARED);
  });

  it('are declared elsewhere by who has them, and set clients apart', () => {
    const having = legacyAffinity(client('modern', { capabilities: declaring(',"roots":{}') }));
    const lacking = legacyAffinity(client('modern', { capabilities: new JsonText('{"roots":{}}') }));
    expect(having.capabilities.text).toBe(`{"roots":{},${UI}}`);
    expect(lacking.capabilities.text).toBe('{"roots":{}}');
    expect(having.key).not.toBe(lacking.key);
  });
});

describe('the log level of a session', () => {
  it('is raised for the most talkative client, and never lowered', () => {
    expect(nextLogLevel(undefined, client('modern', { logLevel: 'error' }))).toBe('error');
    expect(nextLogLevel('error', client('modern', { logLevel: 'info' }))).toBe('info');
    expect(nextLogLevel('info', client('modern', { logLevel: 'error' }))).toBeUndefined();
    expect(nextLogLevel('info', client('modern'))).toBeUndefined();
  });

  it('is left to the server until somebody sets it; then a legacy client without one wants everything', () => {
    expect(nextLogLevel(undefined, client('legacy'))).toBeUndefined();
    expect(nextLogLevel('error', client('legacy'))).toBe('debug');
  });

  it('is not set to a word that is no level', () => {
    expect(nextLogLevel(undefined, client('modern', { logLevel: 'loud' }))).toBeUndefined();
  });
});
