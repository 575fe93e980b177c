import { describe, expect, it } from 'vitest';
import { toolFilter } from './tool-filter.ts';

const shown = (globs: readonly string[], ...names: string[]) => names.filter(toolFilter(globs));

describe('a tool', () => {
  it('is there when a glob allows it and none denies it', () => {
    expect(shown(['read_*', '!read_secret'], 'read_a', 'read_secret', 'write')).toEqual(['read_a']);
  });

  it('is there when nothing but others are denied', () => {
    expect(shown(['!rm', '!*_all'], 'rm', 'drop_all', 'ls')).toEqual(['ls']);
  });

  it('is matched as a whole, and by no regular expression', () => {
    expect(shown(['a.b', 'x?z'], 'a.b', 'aXb', 'a.bc', 'xyz', 'xz')).toEqual(['a.b', 'xyz']);
  });
});
