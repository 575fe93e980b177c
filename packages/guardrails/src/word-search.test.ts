import { array, assert, property, string, stringMatching } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createWordSearch } from './word-search.ts';

/** More than are searched for one by one. */
const PADDING = Array.from({ length: 20 }, (_, at) => `#${at}#`);

describe('a search for words', () => {
  it('finds what a search for each of them finds', () => {
    const word = stringMatching(/^[ab]{1,6}$/);
    assert(
      property(array(word, { minLength: 1, maxLength: 30 }), stringMatching(/^[abc]{0,30}$/), (words, text) => {
        const found = words.some((one) => text.includes(one));
        expect(createWordSearch([...PADDING, ...words])(text)).toBe(found);
        expect(createWordSearch(words)(text)).toBe(found);
      }),
      { numRuns: 2000 },
    );
    const any = string({ unit: 'binary', minLength: 1, maxLength: 3 });
    assert(
      property(array(any, { minLength: 1, maxLength: 30 }), string({ unit: 'binary' }), (words, text) => {
        const found = words.some((one) => text.includes(one));
        expect(createWordSearch([...PADDING, ...words])(text)).toBe(found);
      }),
    );
  });

  it.each([
    ['a word within another', ['abcd', 'bc'], 'xabce', true],
    ['a word at the end', ['secret'], 'a sesecret', true],
    ['half of a character', ['\ud83d'], '😀', true],
    ['another case', ['Secret'], 'secret', false],
  ])('knows %s', (_, words, text, found) => {
    expect(createWordSearch([...PADDING, ...words])(text)).toBe(found);
  });

  it('goes through the longest text in time, however many the words', () => {
    const search = createWordSearch(Array.from({ length: 10_000 }, (_, at) => `word${at + 100_000}x`));
    // A search for each word takes half a minute.
    expect(search('word1 '.repeat(1_300_000))).toBe(false);
  }, 15_000);
});
