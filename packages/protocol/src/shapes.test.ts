import { describe, expect, it } from 'vitest';
import type { Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import {
  toLegacy,
  toLegacyCapabilities,
  toLegacyTool,
  toModern,
  toModernCapabilities,
  toModernTool,
} from './shapes.ts';

const legacy = (text: string): Outcome => ({ era: 'legacy', result: JsonText.parse(text) });
const modern = (text: string): Outcome => ({ era: 'modern', result: JsonText.parse(text) });
const failure = (era: Outcome['era'], code: number, data?: string): Outcome => ({
  era,
  error: { code, message: 'm', data: data === undefined ? undefined : JsonText.parse(data) },
});
const converted = (outcome: Outcome) => {
  if (outcome.result === undefined) throw new Error(outcome.error.message);
  return { era: outcome.era, text: outcome.result.text };
};

describe('toModern', () => {
  it('returns a modern outcome as it is', () => {
    const outcome = modern('{"resultType":"input_required"}');
    expect(toModern(outcome, 'tools/call')).toBe(outcome);
  });

  it('says that a result is complete, and leaves the rest to the character', () => {
    expect(converted(toModern(legacy('{"content":[],"x":1.0}'), 'tools/call'))).toEqual({
      era: 'modern',
      text: '{"content":[],"x":1.0,"resultType":"complete"}',
    });
    expect(converted(toModern(legacy('{}'), 'completion/complete')).text).toBe('{"resultType":"complete"}');
  });

  it('refuses a result that is no object, because nothing can be added to it', () => {
    for (const text of ['null', '[]', '"{}"'])
      expect(toModern(legacy(text), 'tools/call')).toMatchObject({ era: 'modern', error: { code: -32603 } });
  });

  it('does not let a legacy server speak in modern words', () => {
    const text = '{"resultType":"input_required","inputRequests":{},"ttlMs":99,"cacheScope":"public"}';
    expect(converted(toModern(legacy(text), 'resources/read')).text).toBe(
      '{"resultType":"complete","inputRequests":{},"ttlMs":0,"cacheScope":"private"}',
    );
  });

  it.each([
    'server/discover',
    'tools/list',
    'prompts/list',
    'resources/list',
    'resources/templates/list',
    'resources/read',
  ])('adds the hints that %s needs', (method) => {
    expect(converted(toModern(legacy('{"a":1}'), method)).text).toBe(
      '{"a":1,"resultType":"complete","ttlMs":0,"cacheScope":"private"}',
    );
  });

  it('takes execution from tools, and tools that only run as tasks from the list', () => {
    const tools =
      '[{"name":"a","n":1.0},{"name":"b","execution":{"taskSupport":"optional"},"z":1}, {"name":"c","execution":{"taskSupport":"required"}}]';
    expect(converted(toModern(legacy(`{"tools":${tools},"nextCursor":"x"}`), 'tools/list')).text).toBe(
      '{"tools":[{"name":"a","n":1.0},{"name":"b","z":1}],"nextCursor":"x","resultType":"complete","ttlMs":0,"cacheScope":"private"}',
    );
    expect(toModernTool(JsonText.parse('{"name":"c","execution":{"taskSupport":"required"}}'))).toBeUndefined();
  });

  it('replaces the code of a resource that is not found, and no other', () => {
    expect(toModern(failure('legacy', -32002, '{"uri":"x"}'), 'resources/read')).toEqual(
      failure('modern', -32602, '{"uri":"x"}'),
    );
    expect(toModern(failure('legacy', -32000), 'tools/call')).toEqual(failure('modern', -32000));
  });

  it('turns required URLs into input requests', () => {
    const data =
      '{"elicitations":[{"mode":"url","elicitationId":"e","url":"https://a/","message":"m"},{"url":"https://b/"}]}';
    expect(converted(toModern(failure('legacy', -32042, data), 'tools/call'))).toEqual({
      era: 'modern',
      text:
        '{"resultType":"input_required","inputRequests":{' +
        '"url_0":{"method":"elicitation/create","params":{"mode":"url","url":"https://a/","message":"m"}},' +
        '"url_1":{"method":"elicitation/create","params":{"url":"https://b/","mode":"url"}}}}',
    });
  });

  it('never passes -32042 on, not even where it makes no sense', () => {
    for (const data of [undefined, '{}', '{"elicitations":[]}', '{"elicitations":["x"]}', '[]'])
      expect(toModern(failure('legacy', -32042, data), 'tools/call').error?.code).toBe(-32603);
    expect(toModern(failure('legacy', -32042, '{"elicitations":[{}]}'), 'tools/list').error?.code).toBe(-32603);
  });
});

describe('toLegacy', () => {
  it('returns a legacy outcome as it is', () => {
    const outcome = legacy('{"resultType":"x"}');
    expect(toLegacy(outcome, 'tools/call')).toBe(outcome);
  });

  it('takes the modern members from the top level only', () => {
    const text = '{"resultType":"complete","contents":[{"ttlMs":1,"resultType":"y"}],"ttlMs":5,"cacheScope":"public"}';
    expect(converted(toLegacy(modern(text), 'resources/read'))).toEqual({
      era: 'legacy',
      text: '{"contents":[{"ttlMs":1,"resultType":"y"}]}',
    });
  });

  it('leaves members alone that mean something else in other results', () => {
    const text = '{"content":[],"ttlMs":5,"resultType":"complete"}';
    expect(converted(toLegacy(modern(text), 'tools/call')).text).toBe('{"content":[],"ttlMs":5}');
  });

  it.each([
    ['[1.0]', '{"result":[1.0]}'],
    ['"s"', '{"result":"s"}'],
    ['null', '{"result":null}'],
    ['{"a":1.0}', '{"a":1.0}'],
  ])('makes structured content %s the object %s', (content, wrapped) => {
    expect(
      converted(toLegacy(modern(`{"resultType":"complete","structuredContent":${content}}`), 'tools/call')).text,
    ).toBe(`{"structuredContent":${wrapped}}`);
  });

  it('wraps schemas in lists of tools', () => {
    const tools = (schema: string) => `"tools":[{"name":"a","outputSchema":${schema}},{"name":"b"}]`;
    const text = `{"resultType":"complete",${tools('{"type":"array"}')},"ttlMs":1,"cacheScope":"private"}`;
    expect(converted(toLegacy(modern(text), 'tools/list')).text).toBe(
      `{${tools('{"type":"object","properties":{"result":{"type":"array"}},"required":["result"]}')}}`,
    );
  });

  it('refuses to show a question, or the result of an extension, as if it were an answer', () => {
    for (const type of ['input_required', 'x']) {
      const outcome = toLegacy(modern(`{"resultType":"${type}","inputRequests":{}}`), 'tools/call');
      expect(outcome).toMatchObject({ era: 'legacy', error: { code: -32603 } });
    }
    expect(toLegacy(modern('{"resultType":null}'), 'tools/call').error?.code).toBe(-32603);
  });

  it('names the extension that a legacy client would need, whether the server asked for it or just used it', () => {
    const used = toLegacy(modern('{"resultType":"task","taskId":"1"}'), 'tools/call');
    const data = JsonText.of({ requiredCapabilities: { extensions: { 'io.modelcontextprotocol/tasks': {} } } });
    const error = { code: -32021, message: 'Missing capability', data };
    const asked = toLegacy({ era: 'modern', error }, 'tools/call');
    for (const outcome of [used, asked]) {
      expect(outcome).toMatchObject({ era: 'legacy', error: { code: -32602 } });
      expect(outcome.error?.message).toContain('io.modelcontextprotocol/tasks');
    }
  });

  it.each([
    [-32020, -32603],
    [-32021, -32602],
    [-32022, -32603],
    [-32602, -32602],
    [7, 7],
  ])('gives a legacy client for %i the code %i', (code, expected) => {
    expect(toLegacy(failure('modern', code, '{"a":1}'), 'tools/call')).toEqual(failure('legacy', expected, '{"a":1}'));
  });
});

describe('toLegacyTool', () => {
  const schemaOf = (schema: string) =>
    toLegacyTool(JsonText.parse(`{"outputSchema":${schema}}`)).member('outputSchema')?.text;

  it('leaves schemas of objects, and tools without one, as they are', () => {
    for (const text of ['{"name":"a"}', '{"outputSchema":{"type":"object","x":1.0}}']) {
      const tool = JsonText.parse(text);
      expect(toLegacyTool(tool)).toBe(tool);
    }
  });

  it('leads references to the new place of what they mean', () => {
    const schema =
      '{"$schema":"s","type":"array","items":{"$ref" : "#/$defs/a"},"not":{"$ref":"#"},"$defs":{"a":{"$ref":"#b"},"c":{"$ref":"x#/y"}},"description":"\\"$ref\\":\\"#/\\""}';
    expect(JSON.parse(schemaOf(schema) ?? '')).toEqual({
      $schema: 's',
      type: 'object',
      properties: {
        result: {
          $schema: 's',
          type: 'array',
          items: { $ref: '#/properties/result/$defs/a' },
          not: { $ref: '#/properties/result' },
          $defs: { a: { $ref: '#b' }, c: { $ref: 'x#/y' } },
          description: '"$ref":"#/"',
        },
      },
      required: ['result'],
    });
  });

  it('leaves references alone in a schema that is a document of its own', () => {
    expect(schemaOf('{"$id":"u","type":"array","items":{"$ref":"#/a"}}')).toContain('"$ref":"#/a"');
  });

  it('leaves out a schema that may be of an object or not: neither form would fit every result', () => {
    for (const schema of ['{"anyOf":[{"type":"object"},{"type":"array"}]}', '{"type":["object","null"]}', '{}', 'true'])
      expect(schemaOf(schema)).toBeUndefined();
  });
});

describe('the capabilities', () => {
  it('lose only what the other era does not know', () => {
    const text = '{"tools":{"listChanged":true},"tasks":{},"extensions":{"a/b":{}},"vendor":1.0}';
    const capabilities = JsonText.parse(text);
    expect(toModernCapabilities(capabilities).text).toBe(
      '{"tools":{"listChanged":true},"extensions":{"a/b":{}},"vendor":1.0}',
    );
    expect(toLegacyCapabilities(capabilities).text).toBe('{"tools":{"listChanged":true},"tasks":{},"vendor":1.0}');
  });

  it('keep MCP Apps for either era, to the character', () => {
    const ui = '"io.modelcontextprotocol/ui":{"x":1.0}';
    const capabilities = new JsonText(`{"extensions":{"io.modelcontextprotocol/tasks":{},${ui}},"tools":{}}`);
    expect(toLegacyCapabilities(capabilities).text).toBe(`{"extensions":{${ui}},"tools":{}}`);
    expect(toModernCapabilities(capabilities)).toBe(capabilities);
  });
});
