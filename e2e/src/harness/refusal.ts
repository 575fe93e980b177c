/** @module What a refusal of an MCP endpoint looks like. */
import { expect } from 'vitest';
import type { HttpAnswer } from './net.ts';

/** An id, where it cannot be known which one a server makes out. */
export const ANY_ID: unknown = expect.toSatisfy((id) => [null, 7, 8].includes(id as number | null));

/** Expects a status, and a JSON-RPC error with a code and words. */
export function expectError(
  { status, text }: HttpAnswer,
  expected: number,
  code: number,
  message: RegExp,
  id: unknown = null,
): void {
  expect([status, text]).toEqual([expected, expect.stringContaining('{')]);
  const error = { code, message: expect.stringMatching(message) };
  expect(JSON.parse(text)).toMatchObject({ jsonrpc: '2.0', id, error });
}
