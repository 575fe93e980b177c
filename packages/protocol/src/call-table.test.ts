import { array, assert, constantFrom, integer, oneof, property, tuple } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallTable, type Identified } from './call-table.ts';

describe('a call table', () => {
  it('holds what a Map would hold, whatever comes and goes, under ids that mean something to objects too', () => {
    const odd = constantFrom<string | number>(1, 2, '"1"', '__proto__', 'constructor', 'toString', '');
    const ids = oneof(odd, integer({ min: 1, max: 20 })); // more than are looked at one by one
    assert(
      property(array(tuple(constantFrom('add', 'add', 'delete'), ids), { maxLength: 100 }), (steps) => {
        const table = new CallTable<Identified>();
        const model = new Map<string | number, Identified>();
        for (const [step, id] of steps) {
          const item = { id };
          if (step === 'add') {
            table.add(item);
            model.set(id, item);
          } else {
            expect(table.delete(id)).toBe(model.get(id));
            model.delete(id);
          }
          expect(table.size).toBe(model.size);
          expect(table.has(id)).toBe(model.has(id));
          expect(table.get(id)).toBe(model.get(id));
        }
        expect(new Set(table)).toEqual(new Set(model.values()));
      }),
    );
  });
});
