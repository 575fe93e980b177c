import { createAddressPolicy } from '@forge/core';
import { expect, test } from 'vitest';
import { recordOf } from '../rest.fixture.ts';
import { checkConfig } from './check-config.ts';
import type { RestConfig } from './operation.ts';

const operation = { name: 'a', method: 'GET', path: '/x', inputSchema: { type: 'object' } };

/** Whatever it is, as if it were a configuration. */
const check = (config: unknown) => () =>
  checkConfig(recordOf('http://api.test', config as RestConfig), createAddressPolicy());

test('what is in order is taken', () => {
  expect(check({ operations: [operation] })).not.toThrow();
});

test.each<[unknown, string]>([
  [{}, 'config.operations: is missing'],
  [{ operation: [] }, 'config.operation: is not known here'],
  [{ operations: {} }, 'config.operations: must be a list'],
  [{ operations: [{ ...operation, name: 7 }] }, 'config.operations.0.name: must be a text'],
  [{ operations: [{ ...operation, inputSchema: undefined }] }, 'config.operations.0.inputSchema: is missing'],
  [{ operations: [{ ...operation, inputSchema: [] }] }, 'config.operations.0.inputSchema: must be an object'],
  [{ operations: [{ ...operation, method: 'GTE' }] }, 'config.operations.0.method: must be one of GET, HEAD, POST'],
  [{ operations: [{ ...operation, path: undefined, pth: '/x' }] }, 'config.operations.0.pth: is not known here'],
  [{ operations: [{ ...operation, path: '/{x' }] }, 'config.operations.0.path: has a brace'],
  [{ operations: [operation, operation] }, 'config.operations.1.name: "a" stands twice'],
  [
    { operations: [{ ...operation, credentials: ['k'] }] },
    'config.operations.0.credentials: there is no credential "k"',
  ],
])('%j is refused: %s', (config, message) => {
  expect(check(config)).toThrow(message);
  expect(check(config)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
});
