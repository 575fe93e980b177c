import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObject, jsonValue } from './json-text.fixture.ts';
import { JsonText } from './json-text.ts';
import { type Message, readMessage } from './message.ts';
import { readPlain } from './plain-message.ts';

const quoted = fc.string().map((text) => JSON.stringify(text));
const id = fc.oneof(
  quoted,
  fc.integer().map(String),
  fc.constantFrom('01', '-0', '1.0', '1e3', 'null', 'true', '"\\u0031"'),
);
const held = fc.oneof(
  { weight: 3, arbitrary: jsonObject.map(({ text }) => text) },
  { weight: 1, arbitrary: jsonValue },
);
const name = fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error', 'extra');
const valueOf = (member: string): fc.Arbitrary<string> => {
  if (member === 'jsonrpc') return fc.constantFrom('"2.0"', '"2.0"', '"2.0"', '"1.0"', '2.0');
  if (member === 'id') return id;
  return member === 'method' ? quoted : held;
};
const member = name.chain((key) => valueOf(key).map((value) => `"${key}":${value}`));
/** Members in any order, missing and repeated ones among them. */
const anyMessage = fc.array(member, { maxLength: 6 }).map((members) => `{${members.join(',')}}`);
/** Members in the orders that peers choose. */
const usual = fc
  .tuple(id, quoted, held)
  .chain(([requestId, method, value]) =>
    fc.constantFrom(
      `{"jsonrpc":"2.0","id":${requestId},"method":${method},"params":${value}}`,
      `{"method":${method},"params":${value},"jsonrpc":"2.0","id":${requestId}}`,
      `{"jsonrpc":"2.0","method":${method},"params":${value}}`,
      `{"method":${method},"params":${value},"jsonrpc":"2.0"}`,
      `{"jsonrpc":"2.0","id":${requestId},"result":${value}}`,
      `{"result":${value},"jsonrpc":"2.0","id":${requestId}}`,
    ),
  );

/** What the reader of any message makes of it; `undefined` where it refuses it. */
function readSlowly(text: string): Message | undefined {
  try {
    return readMessage(JsonText.parse(text));
  } catch {
    return undefined;
  }
}

/** With texts instead of what holds them, to be compared. */
const shown = (message: Message | undefined): unknown =>
  JSON.stringify(message, (_, value: unknown) => (value instanceof JsonText ? [value.text, value.value] : value));

describe('readPlain', () => {
  it('reads what it knows as the reader of any message does, and leaves it the rest', () => {
    fc.assert(
      fc.property(fc.oneof(usual, anyMessage), (text) => {
        const read = readPlain(text);
        if (read !== undefined) expect(shown(read)).toBe(shown(readSlowly(text)));
      }),
      { numRuns: 2000 },
    );
  });

  it('accepts nothing else where characters were lost, added or moved', () => {
    const noise = fc.constantFrom(
      '',
      '{',
      '}',
      '"',
      ',',
      ':',
      '\\',
      ' ',
      '\n',
      '{}',
      ',"id":1',
      ',"result":{}',
      '},"jsonrpc":"2.0"',
      '0',
    );
    fc.assert(
      fc.property(usual, fc.nat(), fc.nat(3), noise, (text, at, lost, added) => {
        const place = at % text.length;
        const mutated = text.slice(0, place) + added + text.slice(place + lost);
        const read = readPlain(mutated);
        if (read !== undefined) expect(shown(read)).toBe(shown(readSlowly(mutated)));
      }),
      { numRuns: 5000 },
    );
  });

  it.each([
    ['request', '{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}'],
    ['request', '{"method":"tools/call","params":{"name":"a"},"jsonrpc":"2.0","id":"x"}'],
    ['notification', '{"jsonrpc":"2.0","method":"notifications/progress","params":{}}'],
    ['notification', '{"method":"notifications/progress","params":{},"jsonrpc":"2.0"}'],
    ['response', '{"jsonrpc":"2.0","id":7,"result":{"content":[{"type":"text","text":"}"}]}}'],
    ['response', '{"result":{"a":",\\"jsonrpc\\":\\"2.0\\""},"jsonrpc":"2.0","id":7}'],
  ])('knows a %s by the text around it: %s', (kind, text) => {
    expect(readPlain(text)?.kind).toBe(kind);
    expect(shown(readPlain(text))).toBe(shown(readSlowly(text)));
  });

  it.each([
    ['a member that stands there twice', '{"jsonrpc":"2.0","id":1,"result":{},"result":{}}'],
    ['two ids', '{"jsonrpc":"2.0","id":1,"method":"a","params":{},"id":2}'],
    ['another member', '{"jsonrpc":"2.0","id":1,"result":{},"extra":{}}'],
    ['a result without an id', '{"jsonrpc":"2.0","result":{}}'],
    ['an id that is no JSON', '{"jsonrpc":"2.0","id":01,"result":{}}'],
    ['an escape', '{"jsonrpc":"2.0","id":1,"method":"tools\\/call","params":{}}'],
    ['what nests too deeply', `{"jsonrpc":"2.0","id":1,"result":${'{"a":'.repeat(300)}1${'}'.repeat(300)}}`],
    ['white space', '{"jsonrpc":"2.0","id":1,"result":{} }'],
  ])('leaves %s to the reader of any message', (_, text) => {
    expect(readPlain(text)).toBeUndefined();
  });
});
