import { expect, test } from 'vitest';
import type { RestOperation } from '../config/operation.ts';
import { inputSchemaOf } from './input-schema.ts';

const operation = (more: Partial<RestOperation>): RestOperation => ({
  name: 'a',
  method: 'GET',
  path: '/cities/{city}/days/{day}',
  inputSchema: { type: 'object', properties: {} },
  ...more,
});

test('arguments that have a place and no schema are told, those of the path as required', () => {
  const parameters = [
    { argument: 'fields', in: 'query', name: 'response_fields' },
    { argument: 'tenant', in: 'header', name: 'X-Tenant' },
    { argument: 'date', in: 'path', name: 'day' },
  ] as const;
  expect(inputSchemaOf(operation({ parameters }))).toEqual({
    type: 'object',
    properties: {
      city: { type: 'string', description: 'A part of the path' },
      date: { type: 'string', description: 'A part of the path' },
      fields: { description: 'Sent as a parameter, response_fields' },
      tenant: { description: 'Sent as a header, X-Tenant' },
    },
    required: ['city', 'date'],
  });
});

test('what the schema says of an argument stays', () => {
  const city = { type: 'string', enum: ['Bern'] };
  const inputSchema = { type: 'object', properties: { city, n: {} }, required: ['n'], additionalProperties: false };
  expect(inputSchemaOf(operation({ inputSchema }))).toEqual({
    ...inputSchema,
    properties: { city, n: {}, day: { type: 'string', description: 'A part of the path' } },
    required: ['n', 'day'],
  });
});

test.each([
  { type: 'object', properties: { city: {}, day: {} } },
  { type: 'object', $ref: '#/$defs/all', $defs: { all: { properties: { city: { type: 'integer' } } } } },
])('%j is left alone', (inputSchema) => {
  expect(inputSchemaOf(operation({ inputSchema }))).toBe(inputSchema);
});
