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

  it('keeps no more than so many waiting', async () => {
    const { run } = of([pythonRule('a', 'b')], { maxWaiting: 2 });
    const answers = await Promise.allSettled([1, 2, 3, 4].map(() => run(['a'])));
    expect(answers.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
  });

  it('does not let replacements grow without end', async () => {
    const { run } = of([1, 2, 3].map(() => pythonRule('a', 'a'.repeat(300))));
    await expect(run(['a'])).rejects.toThrow('too long');
  });
});

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
  ])('%s -> %s', async (search, replace, text, expected) => {
    expect((await of([pythonRule(search, replace)]).run([text])).texts).toEqual([expected]);
  });

  it.each(['(', '(?x) a', '(?<=a+'])('%s is none', (search) => {
    expect(() => pythonRule(search, '')).toThrow(SyntaxError);
  });
});
