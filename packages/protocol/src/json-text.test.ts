import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonArray, jsonObject, jsonValue } from './json-text.fixture.ts';
import { JsonText, MAX_JSON_DEPTH, parseJson } from './json-text.ts';

function parseErrorOf(work: () => unknown): void {
  expect(work).toThrow(expect.objectContaining({ code: 'parse_error' }));
}
/** Scanned only, never parsed before: what large answers of upstreams are. */
const scanned = (text: string) => new JsonText(text);

describe('JsonText', () => {
  it('finds every member that JSON.parse finds, with its text as it was written', () => {
    fc.assert(
      fc.property(jsonObject, fc.boolean(), ({ text, members }, parsed) => {
        const json = parsed ? JsonText.parse(text) : scanned(text);
        const expected = JSON.parse(text) as Record<string, unknown>;
        expect(json.names()).toEqual(members.map((member) => member.key));
        expect(new Set(json.names())).toEqual(new Set(Object.keys(expected)));
        expect([...json.members().keys()]).toEqual([...new Set(json.names())]);
        for (const { key } of members) {
          const last = members.findLast((member) => member.key === key);
          for (const member of [json.member(key), json.members().get(key)]) {
            expect(member?.text).toBe(last?.rawValue);
            expect(member?.value).toEqual(expected[key]);
          }
        }
        expect(json.member('no such member')).toBeUndefined();
      }),
      { numRuns: 500 },
    );
  });

  it('finds every element of an array, with its text as it was written', () => {
    fc.assert(
      fc.property(jsonArray, fc.boolean(), ({ text, elements }, parsed) => {
        const found = (parsed ? JsonText.parse(text) : scanned(text)).elements();
        expect(found.map((element) => element.text)).toEqual(elements);
        expect(found.map((element) => element.value)).toEqual(JSON.parse(text));
      }),
    );
  });

  it('edits the members that are named and leaves every other character', () => {
    const edit = fc.tuple(fc.constantFrom('a', 'b', '0', '10', '__proto__', '€', 'new'), fc.option(jsonValue));
    fc.assert(
      fc.property(jsonObject, fc.array(edit, { maxLength: 4 }), ({ text, members }, list) => {
        const edits = Object.fromEntries(list.map(([name, raw]) => [name, raw ?? undefined]));
        const kept = members
          .filter(({ key }, at) => !Object.hasOwn(edits, key) || members.findIndex((m) => m.key === key) === at)
          .flatMap(({ key, rawKey, rawValue }) => {
            const raw = Object.hasOwn(edits, key) ? edits[key] : rawValue;
            return raw === undefined ? [] : [{ key, text: `${rawKey}:${raw}` }];
          });
        const added = Object.entries(edits)
          .filter(([name, raw]) => raw !== undefined && !members.some(({ key }) => key === name))
          .map(([name, raw]) => ({ key: name, text: `${JSON.stringify(name)}:${raw}` }));
        const edited = scanned(text).with(edits);
        expect(edited.names()).toEqual([...kept, ...added].map(({ key }) => key));
        expect(edited.value).toEqual(JSON.parse(`{${[...kept, ...added].map((member) => member.text).join(',')}}`));
        for (const [name, raw] of Object.entries(edits)) expect(edited.member(name)?.text).toBe(raw);
      }),
      { numRuns: 500 },
    );
  });

  it('keeps numbers, key order, repeated keys and escapes of what is not edited', () => {
    const text = '{"b":1.0, "10":1e400,"2":12345678901234567890,"a":{"x":1,"x":2},"s":"\\ud800\\u0041","_meta":{}}';
    const edited = JsonText.parse(text).with({ _meta: '{"k":1}', z: 'null' });
    expect(edited.text).toBe(
      '{"b":1.0,"10":1e400,"2":12345678901234567890,"a":{"x":1,"x":2},"s":"\\ud800\\u0041","_meta":{"k":1},"z":null}',
    );
  });

  it('knows a member by its decoded key', () => {
    const json = JsonText.parse('{"n\\u0061me":"x"}');
    expect(json.member('name')?.text).toBe('"x"');
    expect(json.with({ name: '1' }).text).toBe('{"n\\u0061me":1}');
  });

  it('parses once: members share the value of the whole', () => {
    const json = JsonText.parse('{"a":[{"b":1}]}');
    const whole = json.value as { a: object[] };
    expect(json.member('a')?.value).toBe(whole.a);
    expect(json.member('a')?.elements()[0]?.value).toBe(whole.a[0]);
  });

  it('has no members and no elements where there can be none', () => {
    for (const text of ['[1]', '"{}"', 'null', '1']) {
      expect(JsonText.parse(text).names()).toEqual([]);
      expect(JsonText.parse(text).member('0')).toBeUndefined();
    }
    for (const text of ['{"0":1}', '"[]"', '7']) expect(JsonText.parse(text).elements()).toEqual([]);
  });

  it('scans no text as whole that JSON.parse refuses for its brackets, quotes, commas or colons', () => {
    const texts = [
      '{',
      '{"a"',
      '{"a":',
      '{"a":1',
      '{"a":1,',
      '{"a":1,}',
      '{"a":1}}',
      '{"a":1} {',
      '{"a" 1}',
      '{a:1}',
      '{"a":}',
      '{,}',
      '{"a":"x}',
      '{"a":[}',
      '{"a":1 "b":2}',
      '{"\\x":1}',
      '{"a":1}x',
    ];
    for (const text of texts) parseErrorOf(() => scanned(text).names());
    for (const text of ['[', '[1', '[1,', '[1,]', '[,]', '[1]]', '[1] 2']) parseErrorOf(() => scanned(text).elements());
  });

  it('refuses to nest deeper than the limit, parsed or scanned', () => {
    const nested = (depth: number) => `${'['.repeat(depth)}1${']'.repeat(depth)}`;
    expect(JsonText.parse(nested(MAX_JSON_DEPTH)).elements()).toHaveLength(1);
    parseErrorOf(() => JsonText.parse(nested(MAX_JSON_DEPTH + 1)));
    parseErrorOf(() => JsonText.parse(nested(1_000_000)));
    parseErrorOf(() => scanned(`{"a":${nested(MAX_JSON_DEPTH + 1)}}`).names());
    const brackets = JSON.stringify(['['.repeat(MAX_JSON_DEPTH * 3), '\\"[']);
    expect(JsonText.parse(brackets).elements()).toHaveLength(2);
  });

  it('scans long strings and long arrays in linear time', () => {
    const text = `{"a":"${'\\\\'.repeat(500_000)}\\"","b":[${'1,'.repeat(500_000)}1]}`;
    const start = performance.now();
    expect(scanned(text).names()).toEqual(['a', 'b']);
    expect(performance.now() - start).toBeLessThan(2_000); // quadratic would be minutes
  });
});

describe('parseJson', () => {
  it('accepts what JSON.parse accepts, and nothing else', () => {
    const text = fc.oneof(
      jsonValue,
      fc.string(),
      fc.tuple(jsonValue, fc.string()).map(([a, b]) => a + b),
    );
    fc.assert(
      fc.property(text, (text) => {
        let expected: unknown;
        try {
          expected = JSON.parse(text);
        } catch {
          parseErrorOf(() => parseJson(text));
          return;
        }
        expect(parseJson(text)).toEqual(expected);
      }),
      { numRuns: 500 },
    );
  });

  it('does not repeat the text in its error, because it may hold a secret', () => {
    for (const text of ['hunter2', '{"password":hunter2}', '{"a":"hunter2", oops', '["hunter2"'])
      expect(() => parseJson(text)).toThrow(
        expect.objectContaining({ message: expect.not.stringContaining('hunter') }),
      );
  });
});
