import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonObject, jsonValue } from './json-text.fixture.ts';
import { JsonText, MAX_JSON_DEPTH } from './json-text.ts';
import { type Message, readMessage, readUpstreamBody } from './message.ts';
import { readPlain } from './plain-message.ts';

const quoted = fc.string().map((text) => JSON.stringify(text));
const id = fc.oneof(
  quoted,
  fc.integer().map(String),
  fc.constantFrom('01', '-0', '1.0', '1e3', 'null', 'true', '"\\u0031"'),
);
/** About as deep as text may be, in arrays and objects by turns. */
const deep = fc
  .tuple(fc.integer({ min: MAX_JSON_DEPTH - 3, max: MAX_JSON_DEPTH + 2 }), fc.constantFrom('{"a":', '{ "[": '))
  .map(([depth, open]) => nested(open, depth));
const held = fc.oneof(
  { weight: 6, arbitrary: jsonObject.map(({ text }) => text) },
  { weight: 2, arbitrary: jsonValue },
  { weight: 1, arbitrary: deep },
);
const name = fc.constantFrom('jsonrpc', 'id', 'method', 'params', 'result', 'error', 'extra');
const valueOf = (member: string): fc.Arbitrary<string> => {
  if (member === 'jsonrpc') return fc.constantFrom('"2.0"', '"2.0"', '"2.0"', '"1.0"', '2.0');
  if (member === 'id') return id;
  return member === 'method' ? quoted : held;
};
const space = fc.constantFrom('', '', '', '', ' ', '\n', '\t\r\n', '\u00a0', '\ufeff', '\0');
/** As it is, or with an escape: `"\\u0069d"` is `id` as well. */
const written = (key: string): fc.Arbitrary<string> =>
  fc.constantFrom(
    `"${key}"`,
    `"${key}"`,
    `"${key}"`,
    `"\\u${key.charCodeAt(0).toString(16).padStart(4, '0')}${key.slice(1)}"`,
  );
const member = name.chain((key) =>
  fc
    .tuple(written(key), valueOf(key), space, space, space)
    .map(([raw, value, before, between, after]) => `${before}${raw}${between}:${value}${after}`),
);
/** Members in any order, missing and repeated ones among them. */
const anyMessage = fc
  .tuple(fc.array(member, { maxLength: 6 }), space, space)
  .map(([members, before, after]) => `${before}{${members.join(',')}}${after}`);
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

function nested(open: string, depth: number, inner = '1'): string {
  const opened = Array.from({ length: depth }, (_, at) => (at % 2 === 0 ? open : '['));
  return `${opened.join('')}${inner}${opened
    .map((one) => (one === '[' ? ']' : '}'))
    .toReversed()
    .join('')}`;
}

/** What the reader of any message makes of it; `undefined` where it refuses it. */
const readSlowly = (text: string): Message | undefined => readOf(() => readMessage(JsonText.parse(text)));

function readOf<T>(read: () => T): T | undefined {
  try {
    return read();
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

  it('nests as deep as text that is parsed as a whole, and as large text that is not', () => {
    for (const method of ['"method":"a","params"', '"result"']) {
      for (const depth of [MAX_JSON_DEPTH - 2, MAX_JSON_DEPTH - 1, MAX_JSON_DEPTH, MAX_JSON_DEPTH + 1]) {
        const of = (inner: string) => `{"jsonrpc":"2.0","id":1,${method}:${nested('{"a":', depth, inner)}}`;
        const isRead = depth < MAX_JSON_DEPTH;
        expect(readPlain(of('1')) !== undefined, `${depth}`).toBe(isRead);
        expect(readSlowly(of('1')) !== undefined, `${depth}`).toBe(isRead);
        const large = of(`"${'x'.repeat(40_000)}"`);
        expect(readOf(() => readUpstreamBody(large)) !== undefined, `large ${depth}`).toBe(isRead);
      }
    }
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
      String.raw`,"\u0069d":2`,
      String.raw`"\u0072esult":{},`,
      '"__proto__":{"id":2},',
      '"__proto__":null,',
      '1e999',
      '9'.repeat(400),
      '\ud800',
      String.raw`\udc00`,
      '\u2028',
      '\ufeff',
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
