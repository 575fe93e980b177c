import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ERRORS, ForgeError } from './errors.ts';
import { jsonValue } from './json-text.fixture.ts';
import { JsonText } from './json-text.ts';
import {
  formatError,
  formatNotification,
  formatRequest,
  formatResult,
  type Message,
  peekId,
  readBody,
  readMessage,
  readUpstreamBody,
} from './message.ts';

const objectText = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.stringify(value));
const id = fc.oneof(
  fc.string().map((text) => JSON.stringify(text)),
  fc.integer().map(String),
);
const wire = fc.oneof(
  fc.tuple(id, fc.string(), objectText).map(([id, method, params]) => formatRequest(id, method, new JsonText(params))),
  fc.tuple(fc.string(), objectText).map(([method, params]) => formatNotification(method, new JsonText(params))),
  fc.tuple(id, jsonValue).map(([id, result]) => formatResult(id, new JsonText(result))),
  fc
    .tuple(fc.option(id), fc.integer(), fc.string(), jsonValue)
    .map(([id, code, message, data]) => formatError(id ?? undefined, { code, message, data: new JsonText(data) })),
);

function codeOf(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ForgeError);
    return (error as ForgeError).code;
  }
}

const messageOf = (text: string) => {
  const read = readBody(text);
  expect(Array.isArray(read)).toBe(false);
  return read as Message;
};

describe('readBody', () => {
  it('reads back what the format functions write, to the character', () => {
    fc.assert(
      fc.property(wire, (text) => {
        expect(text).not.toMatch(/[\r\n]/);
        expect(rewritten(messageOf(text))).toBe(text);
        expect(rewritten(readMessage(new JsonText(text)))).toBe(text);
      }),
      { numRuns: 500 },
    );
  });

  it('never fails but with a code of the table, and never accepts what JSON.parse refuses', () => {
    const mutated = fc
      .tuple(
        fc.oneof(
          wire,
          fc.array(wire, { maxLength: 3 }).map((all) => `[${all.join(',')}]`),
        ),
        fc.nat(),
        fc.nat(),
      )
      .chain(([text, from, to]) => {
        const [a, b] = [from % (text.length + 1), to % (text.length + 1)];
        return fc.oneof(
          fc.constant(text.slice(0, a)),
          fc.constant(text.slice(0, a) + text.slice(b)),
          fc.constant(text + text.slice(a)),
          fc.string({ unit: 'binary' }).map((noise) => text.slice(0, a) + noise + text.slice(a + 1)),
          fc
            .constantFrom('"', '{', '}', '[', ']', ',', ':', '\\', '0', 'n', '\0', '\n')
            .map((one) => text.slice(0, a) + one + text.slice(a + 1)),
          jsonValue,
        );
      });
    fc.assert(
      fc.property(mutated, (text) => {
        const code = codeOf(() => readBody(text));
        if (code === undefined) JSON.parse(text);
        else expect(['parse_error', 'invalid_request']).toContain(code);
        const scanned = codeOf(() => readMessage(new JsonText(text)));
        if (scanned !== undefined) expect(Object.keys(ERRORS)).toContain(scanned);
        peekId(text);
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps ids as they were written', () => {
    for (const id of ['1', '-7', '1.0', '12345678901234567890', '""', '"a\\u0062\\n"', '"1"']) {
      expect(messageOf(`{"jsonrpc":"2.0","id": ${id} ,"method":"ping"}`)).toEqual({
        kind: 'request',
        id,
        method: 'ping',
      });
    }
  });

  it('reads each kind of message', () => {
    expect(messageOf(' {"jsonrpc":"2.0","method":"a/b","params":{"x":1}} ')).toMatchObject({
      kind: 'notification',
      method: 'a/b',
      params: { text: '{"x":1}' },
    });
    expect(messageOf('{"id":1,"result":null,"jsonrpc":"2.0"}')).toMatchObject({
      kind: 'response',
      id: '1',
      result: { text: 'null' },
    });
    const error = '{"code":-32602,"message":"no","data":[1.0],"more":1}';
    expect(messageOf(`{"jsonrpc":"2.0","id":null,"error":${error}}`)).toMatchObject({
      kind: 'response',
      id: undefined,
      error: { code: -32602, message: 'no', data: { text: '[1.0]' } },
    });
    expect(messageOf(`{"jsonrpc":"2.0","error":${error}}`)).toMatchObject({ kind: 'response', id: undefined });
  });

  it.each([
    ['no object', '7', 'object'],
    ['no version', '{"id":1,"method":"m"}', 'jsonrpc'],
    ['a wrong version', '{"jsonrpc":2.0,"id":1,"method":"m"}', 'jsonrpc'],
    ['a null id', '{"jsonrpc":"2.0","id":null,"method":"m"}', 'id'],
    ['a fractional id', '{"jsonrpc":"2.0","id":1.5,"method":"m"}', 'id'],
    ['an id with an exponent', '{"jsonrpc":"2.0","id":1e3,"method":"m"}', 'id'],
    ['an id of another type', '{"jsonrpc":"2.0","id":[1],"method":"m"}', 'id'],
    ['a result without id', '{"jsonrpc":"2.0","result":{}}', 'id'],
    ['a result with a null id', '{"jsonrpc":"2.0","id":null,"result":{}}', 'id'],
    ['a method that is no string', '{"jsonrpc":"2.0","id":1,"method":7}', 'method'],
    ['no method', '{"jsonrpc":"2.0","id":1}', 'method'],
    ['a method and a result', '{"jsonrpc":"2.0","id":1,"method":"m","result":{}}', 'method'],
    ['a result and an error', '{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":""}}', 'result'],
    ['params in an array', '{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}', 'params'],
    ['null params', '{"jsonrpc":"2.0","id":1,"method":"m","params":null}', 'params'],
    ['a repeated member', '{"jsonrpc":"2.0","id":1,"method":"a","method":"b"}', 'twice'],
    ['a repeated member, escaped', '{"jsonrpc":"2.0","id":1,"method":"a","m\\u0065thod":"b"}', 'twice'],
    ['an error that is no object', '{"jsonrpc":"2.0","id":1,"error":"no"}', 'error'],
    ['an error without code', '{"jsonrpc":"2.0","id":1,"error":{"message":""}}', 'error.code'],
    ['an error without message', '{"jsonrpc":"2.0","id":1,"error":{"code":1}}', 'error.message'],
    ['an empty batch', '[]', 'batch'],
    ['a batch within a batch', '[[]]', 'object'],
  ])('refuses %s and names it', (_, text, named) => {
    expect(() => readBody(text)).toThrow(
      expect.objectContaining({ code: 'invalid_request', message: expect.stringContaining(named) }),
    );
  });

  it('reads batches of at most 100 messages', () => {
    const batch = (size: number) => `[${Array(size).fill('{"jsonrpc":"2.0","id":1,"method":"m"}').join(' , ')}]`;
    expect(readBody(batch(100))).toHaveLength(100);
    expect(codeOf(() => readBody(batch(101)))).toBe('invalid_request');
  });
});

describe('readUpstreamBody', () => {
  const large = `{"content":[{"type":"text","text":"${'x'.repeat(40_000)}"}]}`;

  it('passes a large result on without parsing it', () => {
    const read = readUpstreamBody(`{"jsonrpc":"2.0","id":7,"result":${large}}\n`) as Message;
    expect(read).toMatchObject({ kind: 'response', id: '7', result: { text: large } });
  });

  it('refuses large text that is cut off or has something behind it', () => {
    const text = `{"jsonrpc":"2.0","id":7,"result":${large}}`;
    for (const broken of [text.slice(0, -1), text.slice(0, -3), `${text}{}`, text.slice(1)]) {
      expect(codeOf(() => readUpstreamBody(broken))).toMatch(/^(parse_error|invalid_request)$/);
    }
  });

  it.each([
    ['a notification', '"method":"notifications/progress","params":{"progressToken":[},"pad":PAD}'],
    ['a question', '"id":7,"method":"elicitation/create","params":{"mode":[},"pad":PAD}'],
    ['an error', '"id":7,"error":{"code":-32603,"message":"no","data":{"code":[},"pad":PAD}}'],
    ['a small result', '"id":7,"result":{"isError":tru},"pad":PAD'],
  ])('refuses %s that is large and no JSON within', (_name, members) => {
    const text = `{"jsonrpc":"2.0",${members.replace('PAD', `"${'x'.repeat(40_000)}"`)}}`;
    expect(codeOf(() => readUpstreamBody(text))).toBe('parse_error');
  });

  it('reads a large batch', () => {
    const text = `{"jsonrpc":"2.0","id":7,"result":${large}}`;
    expect(readUpstreamBody(`[${text}, ${text}]`)).toHaveLength(2);
  });
});

describe('peekId', () => {
  it('finds the id of a request that is refused', () => {
    expect(peekId('{"jsonrpc":"1.0","id":"a\\u0062","method":7}')).toBe('"a\\u0062"');
    expect(peekId('{"id":7}')).toBe('7');
  });

  it('finds none where there is none to echo', () => {
    for (const text of [
      '',
      '{"id":7',
      '[{"id":7}]',
      '7',
      '{"id":null}',
      '{"id":{}}',
      '{"id":1,"id":2}',
      '{"id":1,"result":{}}',
    ])
      expect(peekId(text)).toBeUndefined();
  });
});

describe('the format functions', () => {
  it('write what JSON-RPC asks for', () => {
    expect(formatRequest('"a"', 'tools/list')).toBe('{"jsonrpc":"2.0","id":"a","method":"tools/list"}');
    expect(formatNotification('n', new JsonText('{"a":1.0}'))).toBe(
      '{"jsonrpc":"2.0","method":"n","params":{"a":1.0}}',
    );
    expect(formatResult('7', new JsonText('{}'))).toBe('{"jsonrpc":"2.0","id":7,"result":{}}');
    expect(formatError(undefined, { code: -32700, message: 'a "b"' })).toBe(
      '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"a \\"b\\""}}',
    );
    expect(formatError('1', { code: 1, message: '', data: new JsonText('[1.0]') })).toBe(
      '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","data":[1.0]}}',
    );
  });

  it('write one line, so that a value with line breaks cannot forge a second message on stdio', () => {
    const text = formatResult('1', new JsonText('{"a":\n{"jsonrpc":"2.0","id":2,"result":{}}\r}'));
    expect(text).toBe('{"jsonrpc":"2.0","id":1,"result":{"a": {"jsonrpc":"2.0","id":2,"result":{}} }}');
  });
});

function rewritten(message: Message): string {
  if (message.kind === 'request') return formatRequest(message.id, message.method, message.params);
  if (message.kind === 'notification') return formatNotification(message.method, message.params);
  if (message.error !== undefined) return formatError(message.id, message.error);
  return formatResult(message.id ?? '', message.result ?? new JsonText(''));
}
