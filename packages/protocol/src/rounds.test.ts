import { expect, it } from 'vitest';
import { createRounds } from './rounds.ts';

const many = () => new Set(Array.from({ length: 100 }, (_, index) => index));

/** Takes its time, as writing to a connection does. */
function slowly(visited: number[]): (item: number) => void {
  return (item) => {
    const until = performance.now() + 1;
    while (performance.now() < until);
    visited.push(item);
  };
}

async function turnsUntil(reached: () => boolean): Promise<number> {
  let turns = 0;
  for (; !reached(); turns += 1) await new Promise((resolve) => setTimeout(resolve));
  return turns;
}

it('a round over few items is done at once', () => {
  const visited: number[] = [];
  createRounds([1, 2, 3]).begin('a', (item) => visited.push(item));
  expect(visited).toEqual([1, 2, 3]);
});

it('a long round lets others have their turns, and visits everything once, in order', async () => {
  const visited: number[] = [];
  createRounds(many()).begin('a', slowly(visited));
  expect(visited.length).toBeLessThan(100);
  expect(await turnsUntil(() => visited.length === 100)).toBeGreaterThan(2);
  expect(visited).toEqual([...many()]);
});

it('a round does not visit what has gone meanwhile', async () => {
  const items = many();
  const visited: number[] = [];
  createRounds(items).begin('a', slowly(visited));
  items.delete(99);
  await turnsUntil(() => visited.length === 99);
  expect(visited).not.toContain(99);
});

it('of the rounds begun during one of the same name, the last follows it', async () => {
  const [first, second, third]: number[][] = [[], [], []];
  const rounds = createRounds(many());
  rounds.begin('a', slowly(first ?? []));
  rounds.begin('a', slowly(second ?? []));
  rounds.begin('a', slowly(third ?? []));
  await turnsUntil(() => third?.length === 100);
  expect([first?.length, second?.length]).toEqual([100, 0]);
});

it('a round of another name does not wait', () => {
  const [first, second]: number[][] = [[], []];
  const rounds = createRounds(many());
  rounds.begin('a', slowly(first ?? []));
  rounds.begin('b', (item) => second?.push(item));
  expect(second).toHaveLength(100);
});
