import { describe, expect, it } from 'vitest';
import { ERRORS, ForgeError } from './errors.ts';

describe('ERRORS', () => {
  it('pins the HTTP status and the JSON-RPC code of each', () => {
    const wire = Object.entries(ERRORS).map(([code, meaning]) => [code, meaning.httpStatus, meaning.jsonRpcCode]);
    expect(wire).toEqual([
      ['parse_error', 400, -32700],
      ['invalid_request', 400, -32600],
      ['invalid_params', 400, -32602],
      ['method_not_found', 404, -32601],
      ['header_mismatch', 400, -32020],
      ['missing_client_capability', 400, -32021],
      ['unsupported_version', 400, -32022],
      ['unauthenticated', 401, -32001],
      ['forbidden', 403, -32003],
      ['plugin_denied', 403, -32003],
      ['origin_not_allowed', 403, -32600],
      ['not_found', 404, -32602],
      ['session_not_found', 404, -32001],
      ['method_not_allowed', 405, -32600],
      ['not_acceptable', 406, -32600],
      ['conflict', 409, -32009],
      ['payload_too_large', 413, -32600],
      ['unsupported_media_type', 415, -32600],
      ['validation_failed', 422, -32602],
      ['upgrade_required', 426, -32600],
      ['too_many_requests', 429, -32010],
      ['cancelled', 499, -32800],
      ['upstream_error', 502, -32603],
      ['upstream_unreachable', 502, -32603],
      ['outcome_unknown', 502, -32603],
      ['plugin_failed', 500, -32603],
      ['overloaded', 503, -32010],
      ['upstream_timeout', 504, -32603],
      ['not_implemented', 501, -32601],
      ['internal', 500, -32603],
    ]);
  });

  it('uses none of the codes that the modern era forbids', () => {
    const codes = Object.values(ERRORS).map((meaning): number => meaning.jsonRpcCode);
    for (const forbidden of [-32002, -32042]) expect(codes).not.toContain(forbidden);
    const reserved = codes.filter((code) => code <= -32020 && code >= -32099);
    expect(reserved).toEqual([-32020, -32021, -32022]);
  });
});

describe('ForgeError', () => {
  it('shows the caller its message, unless it is internal', () => {
    expect(new ForgeError('not_found', 'No tool "a"').publicMessage).toBe('No tool "a"');
    const internal = ForgeError.from(new Error('password is hunter2'));
    expect(internal).toMatchObject({ code: 'internal', message: 'password is hunter2' });
    expect(internal.publicMessage).toBe(`Internal error (${internal.id})`);
  });

  it('keeps a ForgeError as it is, and the cause of everything else', () => {
    const error = new ForgeError('conflict');
    expect(ForgeError.from(error)).toBe(error);
    expect(ForgeError.from('text')).toMatchObject({ code: 'internal', message: 'text', cause: 'text' });
  });

  it('gives each error an id of its own', () => {
    const ids = Array.from({ length: 100 }, () => new ForgeError('internal').id);
    expect(new Set(ids).size).toBe(100);
    for (const id of ids) expect(id).toMatch(/^[0-9a-z]{8}$/);
  });
});
