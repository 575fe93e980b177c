import { describe, expect, it } from 'vitest';
import { aggregateName, MAX_NAME_LENGTH, slugify } from './naming.ts';

describe('aggregateName', () => {
  it('joins slug and original name with the separator and keeps the original as it is', () => {
    expect(aggregateName('git', '-', 'git_status')).toBe('git-git_status');
    expect(aggregateName('git', '__', 'git.status')).toBe('git__git.status');
  });

  it('never exceeds 64 characters, and tells long names with equal beginnings apart', () => {
    const a = aggregateName('server', '-', `${'x'.repeat(100)}a`);
    const b = aggregateName('server', '-', `${'x'.repeat(100)}b`);
    expect(a).toHaveLength(MAX_NAME_LENGTH);
    expect(b).toHaveLength(MAX_NAME_LENGTH);
    expect(a).not.toBe(b);
  });

  it('cleans characters that clients refuse and tells what they were apart by a hash', () => {
    const a = aggregateName('s', '-', 'read file');
    expect(a).toMatch(/^[A-Za-z0-9_./-]{1,64}$/);
    expect(a).not.toBe(aggregateName('s', '-', 'read:file'));
  });

  it('gives the same name in every process', () => {
    expect(aggregateName('s', '-', 'read file')).toBe('s-read_file_hp1wug33');
  });
});

describe('slugify', () => {
  it.each([
    ['My Server', 'my-server'],
    ['  Übung 2!', 'u-bung-2'],
    ['a__b', 'a-b'],
  ])('%s becomes %s', (name, slug) => {
    expect(slugify(name)).toBe(slug);
  });

  it('names what has no latin letters by a hash', () => {
    expect(slugify('工具')).toMatch(/^u-[a-z0-9]{8}$/);
    expect(slugify('工具')).not.toBe(slugify('道具'));
  });
});
