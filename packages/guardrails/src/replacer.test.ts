import { afterEach, describe, expect, it } from 'vitest';
import { pythonRule } from './python-pattern.ts';
import { createReplacer, type Replacer, type Rule } from './replacer.ts';

let replacer: Replacer | undefined;
afterEach(() => replacer?.close());

function of(rules: readonly Rule[], options?: Parameters<typeof createReplacer>[1]): Replacer {
  replacer = createReplacer(rules, options);
  return replacer;
}

describe('a replacer', () => {
  it('applies each rule to what the one before has made, and counts what it finds', async () => {
    const { run } = of([pythonRule('crap', 'crud'), pythonRule('crud', 'yikes'), pythonRule('x', '')]);
    expect(await run(['crap and crud', 'fine'])).toEqual({ texts: ['yikes and yikes', 'fine'], found: [1, 2, 0] });
  });

  it('is ended by a pattern that takes too long, while everything else goes on, and works again', async () => {
    const { run } = of([pythonRule('^(a+)+$', 'b')], { timeoutMs: 100 });
    await run(['warm']);
    let ticks = 0;
    const ticking = setInterval(() => (ticks += 1), 5);
    await expect(run([`${'a'.repeat(64)}!`])).rejects.toThrow('longer than 100 ms');
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(5);
    expect((await run(['aaa'])).texts).toEqual(['b']);
  });

  it('gives the first texts of a thread no more time than any other, once the thread is there', async () => {
    const { run } = of([pythonRule('^(a+)+$', 'b')], { timeoutMs: 50 });
    const begun = performance.now();
    await expect(run([`${'a'.repeat(64)}!`])).rejects.toThrow('longer than 50 ms');
    expect(performance.now() - begun).toBeLessThan(4000); // it may take 5000 ms to load
  });

  it('keeps no more than so many waiting', async () => {
    const { run } = of([pythonRule('a', 'b')], { maxWaiting: 2 });
    const answers = await Promise.allSettled([1, 2, 3, 4].map(() => run(['a'])));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  });

  it('does not let replacements grow without end', async () => {
    const { run } = of([1, 2, 3].map(() => pythonRule('a', 'a'.repeat(300))));
    await expect(run(['a'])).rejects.toThrow('too long');
  });

  it.each([
    ['', 'b'.repeat(100)],
    ['a', 'b'.repeat(10_000)],
    ['(a)', String.raw`\1`.repeat(20)],
    ['(?:)', ''],
  ])('outlives %s -> %s on a text of the largest size', async (search, replace) => {
    const { run } = of([pythonRule(search, replace)], { timeoutMs: 3000 });
    const why = await run(['a'.repeat(8_000_000)]).then(
      () => 'no replacement',
      (error: Error) => error.message,
    );
    expect(why).toMatch(replace === '' ? /no replacement|takes longer/ : /too long/);
    expect((await run([''])).texts).toHaveLength(1);
  });

  it('gives nobody what was made of the texts of another', async () => {
    const { run } = of([pythonRule('x', 'y')], { timeoutMs: 100 });
    await run(['warm']);
    for (let round = 0; round < 5; round += 1) {
      const answers = Promise.allSettled([run(['x of one']), run(['x of another'])]);
      // The answer of the thread and the end of its time are found together, the end first.
      setImmediate(() => busy(200));
      for (const [at, answer] of (await answers).entries()) {
        if (answer.status === 'fulfilled') expect(answer.value.texts).toEqual([['y of one', 'y of another'][at]]);
      }
    }
  });
});

function busy(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

describe('a rule of Python', () => {
  it.each([
    ['(?i)secret', '***', 'My Secret', 'My ***'],
    [String.raw`(\w+)@(\w+)`, String.raw`\2 at \1`, 'me@home', 'home at me'],
    [String.raw`(?P<user>\w+)@`, String.raw`<\g<user>>`, 'me@home', '<me>home'],
    [String.raw`(?P<q>["'])x(?P=q)`, 'y', `"x" 'x' "x'`, `y y "x'`],
    ['price', '$1 $& $$', 'price', '$1 $& $$'],
    [String.raw`\Aa|a\Z`, 'b', 'aaa', 'bab'],
    [String.raw`[\w\-]+`, 'x', 'a-b', 'x'],
    ['^.$', 'one', '😀', 'one'],
    ['x', String.raw`\g<0>\n\\`, 'x', 'x\n\\'],
    ['(a)'.repeat(10), String.raw`\g<1>0`, 'a'.repeat(10), 'a0'],
    ['(a)|b', String.raw`<\1>`, 'ab', '<a><>'],
    ['', '-', '😀a', '-😀-a-'],
    ['x*', '-', 'abxd', '-a-b--d-'],
  ])('%s -> %s', async (search, replace, text, expected) => {
    expect((await of([pythonRule(search, replace)]).run([text])).texts).toEqual([expected]);
  });

  it.each(['(', '(?x) a', '(?<=a+'])('%s is none', (search) => {
    expect(() => pythonRule(search, '')).toThrow(SyntaxError);
  });

  it.each([String.raw`\2`, String.raw`\g<b>`])('replaces by no group that there is not: %s', (replace) => {
    expect(() => pythonRule('(?P<a>x)', replace)).toThrow(/refers to the group/);
  });
});
