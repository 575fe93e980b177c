import { ForgeError } from '@forge/protocol';
import { describe, expect, it } from 'vitest';
import { createListPages, type ListItem } from './list-pages.ts';

const options = { pageSize: 3, ttlMs: 5000 };

function items(...names: string[]): ListItem[] {
  return names.map((name) => ({ name, modern: `{"name":"${name}","modern":1}`, legacy: `{"name":"${name}"}` }));
}

function walk(pages: ReturnType<typeof createListPages>): string[] {
  const names: string[] = [];
  let cursor: string | undefined;
  do {
    const page = pages.page(cursor, 'legacy').value as { tools: { name: string }[]; nextCursor?: string };
    names.push(...page.tools.map((tool) => tool.name));
    cursor = page.nextCursor;
  } while (cursor !== undefined);
  return names;
}

describe('list pages', () => {
  it('together hold every item once, in order', () => {
    const names = ['z', 'b', 'y', 'a', 'x', 'c', 'w'];
    expect(walk(createListPages('tools', items(...names), options))).toEqual(names);
  });

  it('say what 2026-07-28 wants of a list, and nothing of it to legacy clients', () => {
    const pages = createListPages('tools', items('a'), options);
    expect(pages.page(undefined, 'modern').value).toEqual({
      resultType: 'complete',
      tools: [{ name: 'a', modern: 1 }],
      ttlMs: 5000,
      cacheScope: 'private',
    });
    expect(pages.page(undefined, 'legacy').value).toEqual({ tools: [{ name: 'a' }] });
  });

  it('go on behind the same item when the list changed in between', () => {
    const before = createListPages('tools', items('a', 'b', 'c', 'd'), options);
    const { nextCursor } = before.page(undefined, 'modern').value as { nextCursor: string };
    const after = createListPages('tools', items('0', 'a', 'b', 'c', 'd'), options);
    expect(after.page(nextCursor, 'legacy').value).toEqual({ tools: [{ name: 'd' }] });
  });

  it('are serialised once', () => {
    const pages = createListPages('tools', items('a', 'b'), options);
    expect(pages.page(undefined, 'modern')).toBe(pages.page(undefined, 'modern'));
  });

  it.each(['', 'x', '!!!!', btoa('{}'), btoa('[0,"a"]'), btoa('["a",1]'), 'A'.repeat(9000)])(
    'refuse the foreign cursor %j',
    (cursor) => {
      const pages = createListPages('tools', items('a'), options);
      expect(() => pages.page(cursor, 'modern')).toThrow(ForgeError);
      expect(() => pages.page(cursor, 'modern')).toThrow(/cursor/);
    },
  );
});
