import { array, assert, boolean, nat, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Enlisted, Roster } from './roster.ts';

describe('a roster', () => {
  it('holds what a Set would hold, whatever comes and goes', () => {
    assert(
      property(array(tuple(boolean(), nat(20))), (steps) => {
        const items: Enlisted[] = Array.from({ length: 21 }, () => ({ slot: -1 }));
        const roster = new Roster();
        const model = new Set<Enlisted>();
        for (const [adds, index] of steps) {
          const item = items[index] as Enlisted;
          if (adds) {
            roster.add(item);
            model.add(item);
          } else {
            roster.delete(item);
            model.delete(item);
          }
          expect(roster.size).toBe(model.size);
        }
        expect(new Set(roster)).toEqual(model);
      }),
    );
  });

  it('can be emptied while it is walked', () => {
    const roster = new Roster();
    for (let count = 0; count < 5; count += 1) roster.add({ slot: -1 });
    for (const item of roster) roster.delete(item);
    expect(roster.size).toBe(0);
  });
});
