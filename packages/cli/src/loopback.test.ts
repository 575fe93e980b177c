import { expect, it } from 'vitest';
import { isLoopback } from './loopback.ts';

it.each(['localhost', '::1', '127.0.0.1', '127.1.2.3'])('only this machine reaches %s', (host) => {
  expect(isLoopback(host)).toBe(true);
});

it.each(['0.0.0.0', '::', '10.0.0.1', '127.0.0.1.example.com', 'localhost.example.com', ''])(
  'others may reach %j',
  (host) => {
    expect(isLoopback(host)).toBe(false);
  },
);
