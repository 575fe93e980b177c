import { expect, test } from 'vitest';
import { createAddressPolicy } from './address-policy.ts';
import { parseNetwork } from './networks.ts';

const open = createAddressPolicy();
const strict = createAddressPolicy({ allowLoopback: false, allowPrivate: false });

test.each([
  '169.254.169.254',
  '2852039166',
  '0xa9fea9fe',
  '169.254.169.254.',
  'fe80::1%eth0',
  '[fe80::1]',
  '::ffff:169.254.169.254',
  '::ffff:0:a9fe:a9fe',
  '64:ff9b::a9fe:a9fe',
  '2002:a9fe:a9fe::1',
  '100.100.100.200',
  'fd00:ec2::254',
  'metadata.google.internal',
  'METADATA',
])('%s is refused by every policy', (host) => {
  expect(open.refusal(host)).toBeDefined();
  expect(createAddressPolicy({ allowed: ['0.0.0.0/0', '::/0'] }).refusal(host)).toBeDefined();
});

test.each(['127.0.0.1', '127.1', '0.0.0.0', '0', '::1', '::', '::ffff:7f00:1', '[::ffff:127.0.0.1]'])(
  '%s is this machine',
  (host) => {
    expect(open.refusal(host)).toBeUndefined();
    expect(strict.refusal(host)).toBe('is an address of this machine');
  },
);

test.each(['10.1.2.3', '172.31.255.255', '192.168.0.1', '100.64.0.1', 'fd12::1', 'ff02::1', '255.255.255.255'])(
  '%s is private',
  (host) => {
    expect(open.refusal(host)).toBeUndefined();
    expect(strict.refusal(host)).toBe('is an address of a private network');
  },
);

test.each([
  '8.8.8.8',
  '172.32.0.1',
  '2a00:1450::a00:1',
  '11.0.0.0',
  'example.com',
  'localhost',
  'xn--bcher-kva.example',
])('%s may be called', (host) => {
  expect(strict.refusal(host)).toBeUndefined();
});

test('a network can be allowed by itself, or blocked in spite of everything', () => {
  const policy = createAddressPolicy({
    allowLoopback: false,
    allowPrivate: false,
    allowed: ['10.5.0.0/16', '::1'],
    blocked: ['10.5.9.0/24', '8.8.8.8'],
    blockedHosts: ['Internal.example'],
  });
  expect(policy.refusal('10.5.1.1')).toBeUndefined();
  expect(policy.refusal('::1')).toBeUndefined();
  expect(policy.refusal('10.6.1.1')).toBeDefined();
  expect(policy.refusal('::ffff:10.5.9.1')).toBe('is in a blocked network');
  expect(policy.refusal('8.8.8.8')).toBe('is in a blocked network');
  expect(policy.refusal('db.internal.example')).toBe('is a blocked name');
  expect(policy.refusal('notinternal.example')).toBeUndefined();
});

test.each(['10.0.0.0/33', '10.0.0.0/x', 'example.com', '10.0.0.0/8/8', '', 'fe80::/129', '1.2.3.4.5', '10/8x'])(
  '%s is no network',
  (text) => {
    expect(parseNetwork(text)).toBeUndefined();
    expect(() => createAddressPolicy({ blocked: [text] })).toThrow(RangeError);
  },
);
