/** @module Finds the word that was meant. */

/** Letters that the beginning of a longer word must have to stand for it. */
const MIN_PREFIX = 4;

/** The known word that is nearest to `word`, or the only one that it is the beginning of; if one is near. */
export function nearestOf(word: string, known: readonly string[]): string | undefined {
  if (word.length > 64) return undefined;
  const lower = word.toLowerCase();
  const ranked = known
    .map((candidate) => ({ candidate, distance: editDistance(lower, candidate.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  if (best && best.distance <= Math.max(2, word.length / 3)) return best.candidate;
  const longer = known.filter((candidate) => candidate.toLowerCase().startsWith(lower));
  return word.length >= MIN_PREFIX && longer.length === 1 ? longer[0] : undefined;
}

/** Levenshtein's distance. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row += 1) {
    const current = [row];
    for (let column = 1; column <= b.length; column += 1) {
      const replace = (previous[column - 1] ?? 0) + Number(a[row - 1] !== b[column - 1]);
      current.push(Math.min(replace, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    previous = current;
  }
  return previous[b.length] ?? 0;
}
