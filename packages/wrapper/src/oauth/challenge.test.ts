import { describe, expect, it } from 'vitest';
import { readChallenge } from './challenge.ts';

describe('a challenge', () => {
  it('is read with and without quotes, behind other schemes', () => {
    const header = 'Basic realm="x", Bearer error=invalid_token, scope="a b", resource_metadata="https://x/\\"y"';
    expect(readChallenge(header)).toEqual({ error: 'invalid_token', scope: 'a b', resourceMetadata: 'https://x/"y' });
  });

  it('may be missing, or say nothing', () => {
    const nothing = { error: undefined, scope: undefined, resourceMetadata: undefined };
    expect([undefined, 'Bearer', 'Basic scope="a"'].map(readChallenge)).toEqual([nothing, nothing, nothing]);
  });
});
