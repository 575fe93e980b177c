import { describe, expect, it } from 'vitest';
import { createOriginCheck, type OriginRules } from './origin.ts';

function passes(rules: OriginRules | undefined, host: string | undefined, origin?: string): boolean {
  try {
    createOriginCheck(rules)({ host, origin });
    return true;
  } catch (error) {
    expect(error).toMatchObject({ code: 'origin_not_allowed' });
    return false;
  }
}

describe('on loopback, the default', () => {
  it.each(['localhost', 'LOCALHOST:4444', '127.0.0.1:80', '127.1.2.3', '[::1]:4444'])('Host %s passes', (host) => {
    expect(passes(undefined, host)).toBe(true);
  });

  it.each([
    'evil.example.com',
    'localhost.evil.com',
    '127.0.0.1.evil.com',
    'evil.com:4444',
    'localhost:4444@evil.com',
    'localhost:x',
    '',
    undefined,
  ])('Host %s does not', (host) => {
    expect(passes(undefined, host)).toBe(false);
  });

  it.each([
    ['http://localhost:5173', true],
    ['https://127.0.0.1', true],
    ['http://[::1]:3000', true],
    ['http://evil.example.com', false],
    ['https://localhost.evil.com', false],
    ['null', false],
    ['', false],
    ['file://localhost', false],
    ['http://localhost/path', false],
  ])('Origin %s: %s', (origin, expected) => {
    expect(passes(undefined, 'localhost:4444', origin)).toBe(expected);
  });

  it('takes what stands in the lists as well', () => {
    const rules = { allowedHosts: ['forge.test'], allowedOrigins: ['https://console.test'] };
    expect(passes(rules, 'forge.test:4444')).toBe(true);
    expect(passes(rules, 'localhost', 'https://console.test')).toBe(true);
    expect(passes(rules, 'localhost', 'https://forge.test')).toBe(true);
    expect(passes(rules, 'localhost', 'https://console.test:8443')).toBe(false);
  });
});

describe('elsewhere', () => {
  it('takes any Host until some are listed', () => {
    expect(passes({ loopback: false }, '10.0.0.7:4444')).toBe(true);
    const listed = { loopback: false, allowedHosts: ['forge.test', 'other.test:8080'] };
    expect(passes(listed, 'forge.test:1')).toBe(true);
    expect(passes(listed, 'other.test:8080')).toBe(true);
    expect(passes(listed, 'other.test:8081')).toBe(false);
    expect(passes(listed, 'localhost')).toBe(false);
  });

  it('takes no Origin but listed ones', () => {
    expect(passes({ loopback: false }, 'evil.test', 'http://evil.test')).toBe(false);
    expect(passes({ loopback: false, allowedOrigins: ['http://Good.test'] }, 'x', 'http://good.test')).toBe(true);
    expect(passes({ loopback: false, allowedOrigins: ['*'] }, 'x', 'null')).toBe(true);
  });
});
