import { ForgeError } from '@forge/protocol';
import { describe, expect, test } from 'vitest';
import { importDocument, type ImportOptions, type ImportRequest } from './import-document.ts';
import { documentOf, map } from './map.fixture.ts';

const asked: string[] = [];
const nothing: ImportOptions = {
  load(url) {
    asked.push(url);
    return Promise.reject(new ForgeError('forbidden', 'this host must not be called'));
  },
};
const importText = (text: string, options: Partial<ImportOptions> = {}, more: Partial<ImportRequest> = {}) =>
  importDocument({ text, baseUrl: 'https://api.example', ...more }, { ...nothing, ...options });

describe('what would take long is given up, and calls go on meanwhile', () => {
  const bomb = [
    'a: &a [x,x,x,x,x,x,x,x,x]',
    ...'bcdefghij'.split('').map((name, at) => `${name}: &${name} [${Array(9).fill(`*${'abcdefghi'[at]}`).join()}]`),
  ].join('\n');

  test.each([
    ['a bomb of aliases', `openapi: 3.0.0\npaths: {}\n${bomb}`, /alias/],
    ['ten megabytes of nonsense', 'x'.repeat(10_000_000), /no API/],
    ['more than a document may have', `{"openapi":"3.0.0","x":"${'x'.repeat(16_777_216)}"}`, /more than 16777216/],
    ['a million brackets', '['.repeat(1_100_000), /./],
    ['ten thousand brackets in YAML', `a: ${'['.repeat(10_000)}`, /./],
  ])('%s', async (_, text, message) => {
    let longest = 0;
    let last = performance.now();
    const timer = setInterval(() => {
      longest = Math.max(longest, performance.now() - last);
      last = performance.now();
    }, 1);
    const failed = await importText(text, { timeoutMs: 10_000 }).catch((error: unknown) => error);
    clearInterval(timer);
    expect(failed).toMatchObject({ code: 'validation_failed', message: expect.stringMatching(message) });
    expect(longest).toBeLessThan(1000);
  });

  test('by its time', async () => {
    const slow = 'openapi: 3.0.0\nx:\n' + '  - {a: [b, c], d: {e: f}}\n'.repeat(300_000);
    await expect(importText(slow, { timeoutMs: 200 })).rejects.toMatchObject({
      code: 'validation_failed',
      message: expect.stringContaining('longer than 0.2 s'),
    });
  });

  test('a third document at one time waits for its turn elsewhere', async () => {
    const text = JSON.stringify(documentOf({}));
    const all = await Promise.allSettled([importText(text), importText(text), importText(text)]);
    expect(all.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
    expect(all[2]).toMatchObject({ reason: { code: 'overloaded' } });
    await expect(importText(text)).resolves.toMatchObject({ title: 'Test' });
  });
});

describe('a reference', () => {
  const referring = (ref: string) =>
    JSON.stringify(documentOf({ '/a': { get: { parameters: [{ $ref: ref }] } }, '/b': { get: {} } }));

  test.each([
    'file:///etc/passwd',
    'http://169.254.169.254/latest/meta-data/',
    'https://elsewhere.example/all.json#/a',
    'data:application/json,{}',
    'https://user:password@docs.example/x.json',
    '//elsewhere.example/x.json',
  ])('to %s is not followed', async (ref) => {
    asked.length = 0;
    const { config, skipped } = await importText(referring(ref), {}, { url: 'https://docs.example/openapi.json' });
    expect(asked).toEqual([]);
    expect([config.operations.length, skipped[0]?.reason]).toEqual([1, expect.stringContaining('was not read')]);
  });

  test('from a document that came from nowhere leads nowhere', async () => {
    asked.length = 0;
    const { skipped } = await importText(referring('other.json#/x'));
    expect(skipped[0]?.reason).toContain('was not read: it is relative to a place that is not known');
    expect(asked).toEqual([]);
  });

  test('to a place that must not be called is told with the reason', async () => {
    const { skipped } = await importText(referring('other.json'), {}, { url: 'https://docs.example/openapi.json' });
    expect(skipped[0]?.reason).toContain('this host must not be called');
  });

  test('that goes round in a circle ends', async () => {
    const circle = {
      parameters: { A: { $ref: '#/components/parameters/B' }, B: { $ref: '#/components/parameters/A' } },
    };
    const paths = { '/a': { get: { parameters: [{ $ref: '#/components/parameters/A' }] } } };
    const { skipped } = await importText(JSON.stringify(documentOf(paths, { components: circle })));
    expect(skipped[0]?.reason).toContain('circle');
  });

  test('to documents without end is followed a hundred times', async () => {
    let count = 0;
    const load = () => Promise.resolve(JSON.stringify({ next: { $ref: `${(count += 1)}.json` } }));
    await importText(referring('0.json#/x'), { load }, { url: 'https://docs.example/openapi.json' });
    expect(count).toBeLessThanOrEqual(100);
  });
});

test('names of prototypes are names like others, or none', async () => {
  const text = `{"openapi":"3.0.0","info":{"title":"x"},"paths":{
    "__proto__":{"get":{}},
    "/a":{"post":{"operationId":"constructor","parameters":[{"name":"__proto__","in":"query","schema":{}},{"name":"toString","in":"query","schema":{}}],
      "requestBody":{"required":true,"content":{"application/json":{"schema":{"type":"object","properties":{"__proto__":{"type":"object"},"hasOwnProperty":{}}}}}},
      "security":[{"__proto__":[]}],
      "responses":{"200":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/__proto__"}}}}}}}},
    "components":{"schemas":{"__proto__":{"type":"object","properties":{"polluted":{}}}}}}`;
  const { config } = await importText(text);
  const [tool] = config.operations;
  expect(config.operations).toHaveLength(1);
  expect(Object.keys(tool?.inputSchema['properties'] as object)).toEqual([
    expect.stringMatching(/^unnamed_/),
    'toString',
    'hasOwnProperty',
  ]);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('schemas that many aliases share are cut, not written out', async () => {
  const levels = Array.from(
    { length: 30 },
    (_, at) => `l${at + 1}: &l${at + 1} {type: object, properties: {a: *l${at}, b: *l${at}}}`,
  );
  const text = `openapi: 3.1.0\npaths: {/a: {get: {parameters: [{name: q, in: query, schema: *l30}]}}}`;
  const yaml = `l0: &l0 {type: string}\n${levels.join('\n')}\n${text}`;
  const start = performance.now();
  const result = await map(yaml).catch((error: Error) => error);
  expect(performance.now() - start).toBeLessThan(5000);
  const told = result instanceof Error ? result.message : (result.operations[0]?.notes.join() ?? '');
  expect(told).toMatch(/alias|too large/);
});

test('values of any kind where others belong are no reason to fail', async () => {
  const odd = [null, 1, 'x', [], [null], {}, { $ref: 1 }, { $ref: '#/%' }, { $ref: '#/paths' }, true];
  for (const value of odd) {
    const operation = {
      operationId: value,
      tags: value,
      summary: value,
      parameters: value,
      requestBody: value,
      responses: value,
      security: value,
      servers: value,
    };
    const inner = {
      parameters: [value, { name: 'a', in: 'query', schema: value, content: undefined }],
      responses: { 200: value, 201: { content: value, links: value }, 202: { content: { 'application/json': value } } },
    };
    const paths = {
      '/a': { get: operation },
      '/b': { get: inner, parameters: value },
      '/c': value,
      '/d': { get: value },
    };
    const more = { servers: value, tags: value, components: value, security: value, webhooks: value, info: value };
    const { config, skipped } = await map(documentOf(paths, more));
    expect(config.operations.length + skipped.length, JSON.stringify(value)).toBeGreaterThanOrEqual(2);
    await map({ swagger: '2.0', paths, definitions: value, ...more, host: value, schemes: value, consumes: value });
  }
});
