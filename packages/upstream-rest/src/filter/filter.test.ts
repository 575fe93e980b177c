import { afterAll, expect, test } from 'vitest';
import { createFilters } from './filter.ts';

const filters = createFilters({ timeoutMs: 500 });
afterAll(() => filters.close());

const jq = (expression: string, input = '{}') => filters.run({ language: 'jq', expression }, input);
const path = (expression: string, input = '{}') => filters.run({ language: 'jsonpath', expression }, input);

test.each([
  ['.a', '{"a":{"b":1}}', '{"b":1}'],
  ['.a', '{"a":12345678901234567890}', '12345678901234567890'],
  ['.[].n', '[{"n":1},{"n":"x\\n"}]', '[1,"x\\n"]'],
  ['[.[] | select(.ok)] | length', '[{"ok":true},{"ok":false}]', '1'],
  ['empty', '{}', 'null'],
  ['def f: .x; f # a comment', '{"x":2}', '2'],
  ['-1', '{}', '-1'],
])('jq %s of %s is %s', async (expression, input, output) => {
  expect(await jq(expression, input)).toBe(output);
});

test.each([
  ['$.store.name', '{"store":{"name":"s"}}', '"s"'],
  ["$['a b'][0]", '{"a b":[7]}', '7'],
  ['$.nothing', '{}', 'null'],
  ['$..n', '{"n":1,"x":{"n":2}}', '[1,2]'],
  ['$[?@.n > 1].n', '[{"n":1},{"n":2}]', '[2]'],
])('JSONPath %s of %s is %s', async (expression, input, output) => {
  expect(await path(expression, input)).toBe(output);
});

test.each([
  '.a |',
  '.a.b',
  'error("no")',
  'include "a"; .',
  '$ENV.PATH | error',
  'input_filename | error',
  '--version',
])('jq %s fails, and says so', async (expression) => {
  await expect(jq(expression, '{"a":1}')).rejects.toMatchObject({
    code: 'upstream_error',
    message: expect.stringMatching(/^The filter of this tool failed: ./),
  });
});

test('nothing of this machine is seen', async () => {
  const { PATH, ...rest } = JSON.parse(await jq('$ENV')) as Record<string, string>;
  expect(PATH).toBe('/'); // jq's own make-believe
  for (const [name, value] of Object.entries(rest)) expect(process.env[name], name).not.toBe(value);
});

test('JSONPath that is none fails', async () => {
  await expect(path('$[')).rejects.toMatchObject({ code: 'upstream_error' });
});

test('what has no end is ended, and others are served meanwhile and after', async () => {
  const message = expect.stringContaining('longer than 500 ms') as string;
  const endless = expect(jq('def f: f; f')).rejects.toMatchObject({ message });
  expect(await path('$.a', '{"a":1}')).toBe('1');
  await endless;
  expect(await jq('.a', '{"a":2}')).toBe('2');
});

test('what takes too much memory fails, and others are served after', async () => {
  await expect(jq('[range(1e9)]')).rejects.toMatchObject({ code: 'upstream_error' });
  await expect(jq('"x" * 1e9 | length')).rejects.toMatchObject({ code: 'upstream_error' });
  expect(await jq('.a', '{"a":2}')).toBe('2');
  expect(process.memoryUsage().rss).toBeLessThan(2_000_000_000);
});

test('only so many wait', async () => {
  const narrow = createFilters({ threads: 1, maxWaiting: 1 });
  const runs = [1, 2, 3].map(() => narrow.run({ language: 'jq', expression: '.' }, '1'));
  const [first, second, third] = await Promise.allSettled(runs);
  await narrow.close();
  expect([first?.status, second?.status, third?.status]).toEqual(['fulfilled', 'fulfilled', 'rejected']);
});

test.each([
  ['jq', '.a | select(.b) # a comment'],
  ['jq', 'def f: .x; f'],
  ['jq', 'error("only when it runs")'],
  ['jsonpath', "$['x-h']"],
] as const)('%s %s is a filter, whatever the answer', async (language, expression) => {
  expect(await filters.problem({ language, expression })).toBeUndefined();
});

test.each([
  ['jq', '.a |', /^is no jq: jq: error: syntax error, unexpected '\)'$/],
  ['jq', 'nosuchfunction', /^is no jq: jq: error: nosuchfunction\/0 is not defined$/],
  ['jsonpath', '$.x-h', /^is no JSONPath: "-" is not expected at character 4 .*\['name'\]/],
  ['jsonpath', '$[', /^is no JSONPath: its end is not expected at character 3/],
] as const)('%s %s is none, and why is told before it is needed', async (language, expression, problem) => {
  expect(await filters.problem({ language, expression })).toMatch(problem);
});
