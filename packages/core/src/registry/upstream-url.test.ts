import { expect, test } from 'vitest';
import { createAddressPolicy } from '../addresses/address-policy.ts';
import { checkUpstreamUrl } from './upstream-url.ts';

test.each(['http://localhost:9000/mcp', 'https://example.com/mcp?key=1', 'http://10.0.0.7/sse', 'http://[::1]:80/mcp'])(
  '%s is allowed',
  (url) => {
    expect(checkUpstreamUrl(url)).toBe(new URL(url).href);
  },
);

test('the scheme belongs to the transport', () => {
  const ws = { schemes: ['ws:', 'wss:'] };
  expect(checkUpstreamUrl('WSS://Example.com/ws', ws)).toBe('wss://example.com/ws');
  expect(() => checkUpstreamUrl('ws://example.com/ws')).toThrow(/must begin with http:\/\/ or https:\/\//);
  expect(() => checkUpstreamUrl('http://example.com/ws', ws)).toThrow(/must begin with ws:\/\/ or wss:\/\//);
  expect(() => checkUpstreamUrl('ws://0xa9fea9fe/ws', ws)).toThrow(/link-local/);
  expect(() => checkUpstreamUrl('ws://user:pw@example.com/', ws)).toThrow(/user name or password/);
});

test.each([
  'ftp://example.com/',
  'file:///etc/passwd',
  'javascript:alert(1)',
  'localhost:9000/mcp',
  '/mcp',
  '',
  'http://user:secret@example.com/mcp',
  'http://user@example.com/mcp',
  'http://169.254.169.254/latest/meta-data',
  'http://2852039166/latest',
  'http://0xa9fea9fe/latest',
  'http://0251.0376.0251.0376/',
  'http://169.254.169.254./',
  'http://[fe80::1]/mcp',
  'http://[FEBF::1]/mcp',
  'http://[::ffff:169.254.169.254]/',
  'http://[64:ff9b::a9fe:a9fe]/',
  'http://[fd00:ec2::254]/',
  'http://100.100.100.200/',
  'http://168.63.129.16/',
  'http://[::ffff:100.100.100.200]/',
  'http://METADATA.google.internal/',
  `http://example.com/${'a'.repeat(2100)}`,
])('%s is refused', (url) => {
  expect(() => checkUpstreamUrl(url)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
});

test('the refusal of a URL with a password does not repeat it', () => {
  expect(() => checkUpstreamUrl('http://user:hunter2@example.com/')).toThrow(/^(?!.*hunter2)/);
});

test('a fragment is dropped', () => {
  expect(checkUpstreamUrl('http://example.com/mcp#part')).toBe('http://example.com/mcp');
});

test('a policy may refuse more, and says why', () => {
  const addresses = createAddressPolicy({ allowPrivate: false });
  expect(() => checkUpstreamUrl('http://10.0.0.7/mcp', { addresses })).toThrow(/url: .*private network/);
});
