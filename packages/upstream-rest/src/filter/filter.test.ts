import { afterAll, expect, test } from 'vitest';
import { createFilters } from './filter.ts';

const filters = createFilters({ timeoutMs: 10_000 }); // as long as a busy machine may take
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
  const hasty = createFilters({ timeoutMs: 1000 });
  const endless = hasty.run({ language: 'jq', expression: 'def f: f; f' }, '{}');
  const ended = expect(endless).rejects.toThrow('longer than 1000 ms');
  expect(await hasty.run({ language: 'jsonpath', expression: '$.a' }, '{"a":1}')).toBe('1');
  await ended;
  expect(await hasty.run({ language: 'jq', expression: '.a' }, '{"a":2}')).toBe('2');
  await hasty.close();
});

test('the first filter of a thread has no more time than any other, once the thread is there', async () => {
  const cold = createFilters({ timeoutMs: 50 });
  const begun = performance.now();
  await expect(cold.run({ language: 'jq', expression: 'def f: f; f' }, '1')).rejects.toThrow('longer than 50 ms');
  expect(performance.now() - begun).toBeLessThan(4000); // it may take 5000 ms to load
  await cold.close();
});

test('what takes too much memory fails, and others are served after', async () => {
  const message = expect.stringContaining('more than 128 MiB of memory') as string;
  await expect(jq('[range(1e9)]')).rejects.toMatchObject({ code: 'upstream_error', message });
  await expect(jq('"x" * 1e9 | length')).rejects.toMatchObject({ code: 'upstream_error' });
  expect(await jq('.a', '{"a":2}')).toBe('2');
  expect(process.memoryUsage().rss).toBeLessThan(2_000_000_000);
});

const nested = (depth: number, size: number) => `${'{"a":'.repeat(depth)}"${'x'.repeat(size)}"${'}'.repeat(depth)}`;

test.each([
  ['jsonpath', '$..a', nested(70, 4_000_000)],
  ['jsonpath', '$..*', nested(120, 4_000_000)],
  ['jq', '.. | .a?', nested(100, 1_000_000)],
] as const)(
  '%s %s that repeats its input without end fails, and the process goes on',
  async (language, expression, input) => {
    const patient = createFilters({ timeoutMs: 10_000 });
    await expect(patient.run({ language, expression }, input)).rejects.toThrow('output is longer than 16777216');
    expect(await patient.run({ language, expression: '$' === expression[0] ? '$.b' : '.b' }, '{"b":1}')).toBe('1');
    await patient.close();
  },
);

test('a filter that broke jq leaves nothing to the next one', async () => {
  const narrow = createFilters({ threads: 1 });
  const expression = '.secret, (reduce range(100000) as $i (1; [.]) | tojson)';
  await expect(narrow.run({ language: 'jq', expression }, '{"secret":1}')).rejects.toThrow('failed');
  expect(await narrow.run({ language: 'jq', expression: '.a' }, '{"a":2}')).toBe('2');
  await narrow.close();
});

test('what a thread says too late is not heard, and the thread not used again', async () => {
  const narrow = createFilters({ threads: 1, timeoutMs: 100 });
  const path = (expression: string) => narrow.run({ language: 'jsonpath', expression }, '{"a":1,"b":2}');
  await path('$.a');
  for (let round = 0; round < 3; round += 1) {
    const answers = Promise.allSettled([path('$.a'), path('$.b'), path('$.a')]);
    // The answer of the thread and the end of its time are found together, the end first.
    setImmediate(() => busy(200));
    for (const [at, answer] of (await answers).entries()) {
      // Any of them may take too long on a busy machine.
      if (answer.status === 'fulfilled') expect(answer.value).toBe(at === 1 ? '2' : '1');
      else expect(String(answer.reason)).toContain('longer than 100 ms');
    }
  }
  await narrow.close();
});

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

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
