import { describe, expect, it } from 'vitest';
import { headerFrom, headersFrom } from './headers.ts';

describe('headers', () => {
  it('are read with what their variables stand for', () => {
    expect(headerFrom('Authorization:${AUTH}', '--header', { AUTH: 'Bearer a b' })).toEqual({
      authorization: 'Bearer a b',
    });
    expect(headerFrom(' X-Url : http://a:1/${A}${B} ', '--header', { A: '1', B: '2' })).toEqual({
      'x-url': 'http://a:1/12',
    });
  });

  it('of a file stand one a line, with comments', () => {
    expect(headersFrom('# mine\nX-A: 1\r\n\n  X-B: ${B}\n', { B: '2' })).toEqual({ 'x-a': '1', 'x-b': '2' });
    expect(() => headersFrom('X-A: 1\nnonsense', {})).toThrow(
      '--header-file, line 2 must have the form "Name: value".',
    );
  });

  it.each([
    ['no colon', '--header must have the form'],
    ['Bad Name: x', '--header must have the form'],
    ['Host: x', 'Host is set by the protocol'],
    ['mcp-session-id: x', 'mcp-session-id is set by the protocol'],
    ['Proxy-Authorization: x', 'is set by the protocol'],
    ['X: ${MISSING}', 'names the variable MISSING, which is not set'],
    ['X: ${SPLIT}', 'the value of X cannot stand in a header'],
  ])('%j is refused: %s', (line, message) => {
    expect(() => headerFrom(line, '--header', { SPLIT: 'a\r\nX-Evil: 1' })).toThrow(message);
  });
});
