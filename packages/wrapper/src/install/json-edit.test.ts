import { describe, expect, it } from 'vitest';
import { setMember, UneditableError } from './json-edit.ts';

const VALUE = { command: 'npx', args: ['a'] };

/** With comments, tabs, a trailing comma and braces in strings. */
const JSONC = `{
	// my servers
	"servers": {
		"one": { "url": "http://a/{b}" }, /* first */
		"two": { "command": "x", "args": ["}", "//"] },
	},
	"inputs": [],
}
`;

describe('a member of a JSON file', () => {
  it('is added behind the others, and everything else stays to the character', () => {
    const edited = setMember(JSONC, 'servers', 'three', VALUE);
    expect(edited).toBe(
      JSONC.replace(
        '"//"] },',
        '"//"] },\n\t\t"three": {\n\t\t\t"command": "npx",\n\t\t\t"args": [\n\t\t\t\t"a"\n\t\t\t]\n\t\t},',
      ),
    );
    expect(setMember(edited, 'servers', 'three', undefined)).toBe(JSONC);
  });

  it('is replaced in its place', () => {
    const edited = setMember('{"mcpServers": {"a": 1, "b": {"x": 1}, "c": 3}}', 'mcpServers', 'b', { y: 2 });
    expect(JSON.parse(edited)).toEqual({ mcpServers: { a: 1, b: { y: 2 }, c: 3 } });
    expect(edited.startsWith('{"mcpServers": {"a": 1, "b": {')).toBe(true);
  });

  it.each(['a', 'b', 'c'])('%s is removed with its comma', (name) => {
    const servers: Record<string, number> = { a: 1, b: 2, c: 3 };
    const edited = setMember(
      JSON.stringify({ mcpServers: servers, z: 1 }, undefined, 2),
      'mcpServers',
      name,
      undefined,
    );
    delete servers[name];
    expect(JSON.parse(edited)).toEqual({ mcpServers: servers, z: 1 });
  });

  it('is the first in a new file, in an empty object, and in one that holds a comment', () => {
    for (const text of [
      '',
      '\uFEFF',
      '{}',
      '{ }',
      '{ "mcpServers": {} }',
      '{\n  "mcpServers": {\n    // none yet\n  }\n}',
    ]) {
      const edited = setMember(text, 'mcpServers', 'a', VALUE);
      expect(JSON.parse(edited.replace('// none yet', ''))).toEqual({ mcpServers: { a: VALUE } });
      expect(edited.includes('// none yet')).toBe(text.includes('// none yet'));
    }
  });

  it('that is not there is not removed, and nothing changes', () => {
    for (const text of ['', JSONC, '{"a":1}']) expect(setMember(text, 'servers', 'x', undefined)).toBe(text);
  });

  it('is not forced into what is no configuration', () => {
    for (const text of ['[]', '{"mcpServers": []}', '{"mcpServers": {', 'mcpServers: {}', 'null']) {
      expect(() => setMember(text, 'mcpServers', 'a', VALUE)).toThrow(UneditableError);
    }
  });
});
