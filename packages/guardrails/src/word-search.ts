/**
 * @module Finds out whether a text has one of many words, at a cost that does not grow with their number: the automaton of
 * Aho and Corasick (1975), over UTF-16 units, in flat arrays.
 */

/** Up to here, one native search for each word costs less. */
const FEW = 16;

/** Whether a text has one of the words, case counting and a part of a word being enough. No word may be empty. */
export function createWordSearch(words: readonly string[]): (text: string) => boolean {
  if (words.length <= FEW) return (text) => words.some((word) => text.includes(word));
  const automaton = new Automaton(words);
  return (text) => automaton.finds(text);
}

/** A node is a number, the beginning of a word; 0 is the beginning of all. */
class Automaton {
  /** By node: the node before it, and the unit that leads here from there. */
  readonly #before: Int32Array;
  readonly #unit: Uint16Array;
  /** By node: the longest other beginning that it ends with. */
  readonly #shorter: Int32Array;
  /** By node: whether it ends with a word. */
  readonly #isEnd: Uint8Array;
  /** Nodes by the hash of what leads to them; 0 is free. */
  readonly #table: Int32Array;
  #size = 1;

  constructor(words: readonly string[]) {
    const most = words.reduce((sum, word) => sum + word.length, 1);
    this.#before = new Int32Array(most);
    this.#unit = new Uint16Array(most);
    this.#shorter = new Int32Array(most);
    this.#isEnd = new Uint8Array(most);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(most * 2)));
    for (const level of this.#levels(words)) for (const node of level) this.#link(node);
  }

  finds(text: string): boolean {
    let node = 0;
    for (let at = 0; at < text.length; at += 1) {
      node = this.#next(node, text.charCodeAt(at));
      if (this.#isEnd[node] === 1) return true;
    }
    return false;
  }

  /** Puts in the words, one unit of each at a time; yields the nodes of each length when they are there. */
  *#levels(words: readonly string[]): Generator<readonly number[]> {
    let left = words.map((word) => ({ word, node: 0 }));
    for (let length = 1; left.length > 0; length += 1) {
      const first = this.#size;
      for (const one of left) {
        one.node = this.#child(one.node, one.word.charCodeAt(length - 1), true);
        if (one.word.length === length) this.#isEnd[one.node] = 1;
      }
      left = left.filter(({ word }) => word.length > length);
      yield Array.from({ length: this.#size - first }, (_, at) => first + at);
    }
  }

  /** All shorter nodes must be linked. */
  #link(node: number): void {
    const before = this.#before[node] ?? 0;
    if (before === 0) return;
    const shorter = this.#next(this.#shorter[before] ?? 0, this.#unit[node] ?? 0);
    this.#shorter[node] = shorter;
    if (this.#isEnd[shorter] === 1) this.#isEnd[node] = 1;
  }

  /** Where a unit leads from a node. */
  #next(from: number, unit: number): number {
    for (let node = from; ; node = this.#shorter[node] ?? 0) {
      const child = this.#child(node, unit, false);
      if (child !== 0 || node === 0) return child;
    }
  }

  /** The node behind a node; 0 where there is none, and none is to be made. */
  #child(node: number, unit: number, isMade: boolean): number {
    const mask = this.#table.length - 1;
    let slot = Math.imul(Math.imul(node, 0x9e3779b1) ^ unit, 0x85ebca6b);
    slot ^= slot >>> 15;
    for (;;) {
      slot &= mask;
      const child = this.#table[slot] ?? 0;
      if (child === 0) break;
      if (this.#before[child] === node && this.#unit[child] === unit) return child;
      slot += 1;
    }
    if (!isMade) return 0;
    const made = this.#size;
    this.#size += 1;
    this.#table[slot] = made;
    this.#before[made] = node;
    this.#unit[made] = unit;
    return made;
  }
}
