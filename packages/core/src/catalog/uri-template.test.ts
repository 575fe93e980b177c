import { describe, expect, it } from 'vitest';
import { compileUriTemplate } from './uri-template.ts';

describe('compileUriTemplate', () => {
  it.each([
    ['test://template/{id}/data', 'test://template/123/data', true],
    ['test://template/{id}/data', 'test://template/1/2/data', false],
    ['file:///{+path}', 'file:///a/b/c.txt', true],
    ['db://rows{?limit,offset}', 'db://rows?limit=1&offset=2', true],
    ['db://rows{?limit,offset}', 'db://rows', true],
    ['a.b://x/{id}', 'aXb://x/1', false],
  ])('%s against %s is %s', (template, uri, expected) => {
    expect(compileUriTemplate(template)?.(uri)).toBe(expected);
  });

  it.each(['x://{', 'x://}{', 'x://{a}{'])('refuses the malformed template %s', (template) => {
    expect(compileUriTemplate(template)).toBeUndefined();
  });

  it('answers quickly for a template made to backtrack', () => {
    const matches = compileUriTemplate(`x://${'{+a}'.repeat(60)}!`);
    const started = performance.now();
    expect(matches?.(`x://${'a'.repeat(4000)}`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
