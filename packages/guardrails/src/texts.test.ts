import { JsonText } from '@forge/protocol';
import { assert, dictionary, jsonValue, nat, property, string } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editArguments, editResult, textsOf } from './texts.ts';

const shout = (text: string): string => text.toUpperCase();

describe('texts', () => {
  it('of arguments are changed where they stand, and nothing else is', () => {
    const args = new JsonText('{ "a": "x" , "b":[ "y", {"c":"z\\n\\"é"} ],"n":12345678901234567890.10, "t":true}');
    expect(editArguments(args, shout).text).toBe(
      '{ "a": "X" , "b":[ "Y", {"c":"Z\\n\\"É"} ],"n":12345678901234567890.10, "t":true}',
    );
  });

  it('that stay leave the very same object', () => {
    const args = new JsonText('{"a":"x"}');
    expect(editArguments(args, (text) => text)).toBe(args);
  });

  it('of a result are those of its content and its structured content, but no types and no binary data', () => {
    const result = JsonText.of({
      resultType: 'complete',
      content: [
        { type: 'text', text: 'one', annotations: { audience: ['user'] } },
        { type: 'image', data: 'aGk=', mimeType: 'image/png' },
        { type: 'resource', resource: { uri: 'x://two', mimeType: 'text/plain', text: 'three' } },
        { type: 'resource_link', uri: 'x://four', name: 'five' },
      ],
      structuredContent: { type: 'six', data: ['seven'] },
      _meta: { note: 'none' },
    });
    expect(textsOf((edit) => editResult(result, edit))).toEqual([
      'one',
      'x://two',
      'three',
      'x://four',
      'five',
      'six',
      'seven',
    ]);
  });

  it('cannot hide behind a member that stands twice, or a name in escapes', () => {
    const twice = new JsonText('{"\\u0063ontent":[{"type":"text","text":"a","text":"b"}],"content":[{"text":"c"}]}');
    expect(textsOf((edit) => editResult(twice, edit))).toEqual(['a', 'b', 'c']);
    expect(editResult(twice, shout).text).toBe(
      '{"\\u0063ontent":[{"type":"text","text":"A","text":"B"}],"content":[{"text":"C"}]}',
    );
  });

  it('are the same that a parser finds, in any JSON', () => {
    const leaves = (value: unknown): string[] => {
      if (typeof value === 'string') return [value];
      return typeof value === 'object' && value !== null ? Object.values(value).flatMap(leaves) : [];
    };
    assert(
      property(dictionary(string(), jsonValue()), nat(3), (value, space) => {
        const json = new JsonText(JSON.stringify(value, null, space));
        const parsed = JSON.parse(json.text) as unknown;
        expect(textsOf((edit) => editArguments(json, edit))).toEqual(leaves(parsed));
        const doubled = JSON.parse(editArguments(json, (text) => text + text).text) as unknown;
        expect(leaves(doubled)).toEqual(leaves(parsed).map((text) => text + text));
      }),
    );
  });

  it('are not looked for in what is no JSON, too deep or too long', () => {
    const long = `{"a":"${'x'.repeat(8_000_000)}"}`;
    for (const text of ['{"a":', `${'['.repeat(300)}${']'.repeat(300)}`, long]) {
      expect(() => editArguments(new JsonText(text), shout)).toThrow(/JSON|deep|8000000/);
    }
  });
});
