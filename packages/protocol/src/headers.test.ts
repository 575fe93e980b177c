import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  accepts,
  checkMethodHeaders,
  checkParamHeaders,
  checkVersionHeader,
  decodeHeaderValue,
  encodeHeaderValue,
  HEADER,
  isJsonContentType,
  modernHeaders,
  readParamHeaders,
} from './headers.ts';
import { JsonText } from './json-text.ts';

const mismatch = (name: string) =>
  expect.objectContaining({ code: 'header_mismatch', message: expect.stringContaining(name) });

describe('encodeHeaderValue', () => {
  it.each([
    ['us-west1', 'us-west1'],
    ['Hello, 世界', '=?base64?SGVsbG8sIOS4lueVjA==?='],
    [' padded ', '=?base64?IHBhZGRlZCA=?='],
    ['line1\nline2', '=?base64?bGluZTEKbGluZTI=?='],
    ['=?base64?literal?=', '=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?='],
    ['', '=?base64??='],
    ['a b\tc', 'a b\tc'],
    ['=?base64?=', '=?base64?PT9iYXNlNjQ/PQ==?='],
    ['\uFEFFx', '=?base64?77u/eA==?='],
  ])('writes %j as the specification does', (value, header) => {
    expect(encodeHeaderValue(value)).toBe(header);
    expect(decodeHeaderValue(header)).toBe(value);
  });

  it('makes a safe header of any text, and decodes it to the same text', () => {
    const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('=?base64?', '?=', '\r\nX: y'));
    fc.assert(
      fc.property(fc.array(text, { maxLength: 4 }), (parts) => {
        const value = parts.join('');
        const header = encodeHeaderValue(value);
        expect(header).toMatch(/^[\x21-\x7e]([\t\x20-\x7e]*[\x21-\x7e])?$/);
        expect(decodeHeaderValue(header)).toBe(value);
        expect(decodeHeaderValue(` \t${header}\t `)).toBe(value);
      }),
      { numRuns: 500 },
    );
  });
});

describe('decodeHeaderValue', () => {
  it.each([
    ['padding that is missing', '=?base64?SGVsbG8?='],
    ['characters outside of the alphabet', '=?base64?SGVs!G8=?='],
    ['the URL alphabet', '=?base64?77-_?='],
    ['bytes that are not UTF-8', '=?base64?/w==?='],
    ['overlapping markers', '=?base64?='],
    ['characters that are not ASCII', 'caf\u00e9'],
    ['a non-breaking space at the end', 'echo\u00a0'],
    ['control characters', 'a\u0001b'],
  ])('refuses %s', (_, header) => {
    expect(decodeHeaderValue(header)).toBeUndefined();
  });

  it('takes markers in another case as plain text', () => {
    expect(decodeHeaderValue('=?BASE64?SGVsbG8=?=')).toBe('=?BASE64?SGVsbG8=?=');
  });
});

describe('the header checks', () => {
  it('want the version of the body', () => {
    checkVersionHeader({ 'mcp-protocol-version': ' 2026-07-28\t' }, '2026-07-28');
    for (const headers of [{}, { 'mcp-protocol-version': '' }, { 'mcp-protocol-version': '2025-11-25' }])
      expect(() => checkVersionHeader(headers, '2026-07-28')).toThrow(mismatch('MCP-Protocol-Version'));
  });

  it('want the method, in its case', () => {
    checkMethodHeaders({ 'mcp-method': 'tools/list' }, 'tools/list', undefined);
    for (const headers of [{}, { 'mcp-method': 'TOOLS/LIST' }, { 'mcp-method': 'tools/call' }])
      expect(() => checkMethodHeaders(headers, 'tools/list', undefined)).toThrow(mismatch('Mcp-Method'));
  });

  it('want the target, decoded', () => {
    const method = { 'mcp-method': 'tools/call' };
    checkMethodHeaders({ ...method, 'mcp-name': '  echo  ' }, 'tools/call', 'echo');
    checkMethodHeaders({ ...method, 'mcp-name': '=?base64?w6k=?=' }, 'tools/call', 'é');
    checkMethodHeaders({ ...method, 'mcp-name': '=?base64??=' }, 'tools/call', '');
    for (const name of [undefined, '', 'Echo', 'other', '=?base64?ZWNobw?=', 'echo, echo'])
      expect(() => checkMethodHeaders({ ...method, 'mcp-name': name }, 'tools/call', 'echo')).toThrow(
        mismatch('Mcp-Name'),
      );
    expect(() => checkMethodHeaders({ ...method, 'mcp-name': '=?base64?=' }, 'tools/call', '')).toThrow(
      mismatch('Mcp-Name'),
    );
  });

  const region = [{ name: 'Region', path: ['where', 'region'] }];
  const params = (value: unknown) => JsonText.of({ arguments: { where: { region: value } } });
  const check = (sent: string | undefined, value: unknown) =>
    checkParamHeaders({ 'mcp-param-region': sent }, region, params(value));

  it.each([
    ['us-west1', 'us-west1'],
    ['=?base64?w6k=?=', 'é'],
    ['true', true],
    ['false', false],
    ['42', 42],
    ['42.0', 42],
    ['-7', -7],
    [undefined, undefined],
    [undefined, null],
    [undefined, ['a']],
  ])('accept Mcp-Param %j for the argument %j', (sent, value) => {
    check(sent, value);
  });

  it.each([
    [undefined, 'us-west1'],
    ['us-west2', 'us-west1'],
    ['=?base64?dXM?=', 'us'],
    ['', 'us'],
    ['True', true],
    ['0x2a', 42],
    ['4.2e1', 42],
    ['42', '42.0'],
    ['42', 43],
    ['', 0],
    [undefined, 0],
    [undefined, ''],
    ['us-west1', undefined],
    ['null', null],
    ['9007199254740993', 9007199254740992],
  ])('refuse Mcp-Param %j for the argument %j', (sent, value) => {
    expect(() => check(sent, value)).toThrow(mismatch('Mcp-Param-Region'));
  });

  it('do not follow a path into what an argument inherits', () => {
    checkParamHeaders({}, [{ name: 'X', path: ['constructor', 'name'] }], params('a'));
  });

  it('do not repeat values, because an argument may be a secret', () => {
    expect(() => check('hunter1', 'hunter2')).toThrow(
      expect.objectContaining({ message: 'Header mismatch: Mcp-Param-Region does not match the body' }),
    );
  });
});

describe('modernHeaders', () => {
  it('pins the names on the wire', () => {
    expect(HEADER).toEqual({
      protocolVersion: 'mcp-protocol-version',
      method: 'mcp-method',
      name: 'mcp-name',
      param: 'mcp-param-',
      sessionId: 'mcp-session-id',
      lastEventId: 'last-event-id',
    });
    const mirrored = [
      { name: 'Region', path: ['region'] },
      { name: 'N', path: ['n'] },
      { name: 'Gone', path: ['gone'] },
    ];
    const params = JsonText.of({ name: 'é', arguments: { region: ' a', n: -0, gone: null } });
    expect(modernHeaders('tools/call', 'é', '2026-07-28', mirrored, params)).toEqual({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/call',
      'mcp-name': '=?base64?w6k=?=',
      'mcp-param-region': '=?base64?IGE=?=',
      'mcp-param-n': '0',
    });
    expect(modernHeaders('tools/list', undefined, '2026-07-28')).toEqual({
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': 'tools/list',
    });
  });

  it('writes what the checks accept', () => {
    const path = ['a', 'b'];
    const argument = fc.oneof(fc.string({ unit: 'binary' }), fc.boolean(), fc.integer(), fc.double(), fc.jsonValue());
    fc.assert(
      fc.property(fc.string(), argument, (name, value) => {
        const params = JsonText.parse(JSON.stringify({ name, arguments: { a: { b: value } } }));
        const headers = modernHeaders('tools/call', name, '2026-07-28', [{ name: 'B', path }], params);
        checkVersionHeader(headers, '2026-07-28');
        checkMethodHeaders(headers, 'tools/call', name);
        checkParamHeaders(headers, [{ name: 'B', path }], params);
      }),
    );
  });
});

describe('readParamHeaders', () => {
  const properties = (properties: unknown) => readParamHeaders({ type: 'object', properties });
  const region = { type: 'string', 'x-mcp-header': 'Region' };

  it('finds annotations along properties, however deep', () => {
    const schema = {
      type: 'object',
      properties: {
        region,
        where: { type: 'object', properties: { 'x-mcp-header': { type: 'integer', 'x-mcp-header': 'X' } } },
        flag: { type: 'boolean', 'x-mcp-header': 'flag', default: { 'x-mcp-header': 'data, not an annotation' } },
      },
    };
    const found = [
      { name: 'Region', path: ['region'] },
      { name: 'X', path: ['where', 'x-mcp-header'] },
      { name: 'flag', path: ['flag'] },
    ];
    expect(readParamHeaders(schema)).toEqual(found);
    expect(readParamHeaders(JsonText.of(schema))).toEqual(found);
  });

  it('finds none where there are none', () => {
    for (const schema of [{}, true, undefined, { properties: null }, { items: [{ type: 'string' }] }])
      expect(readParamHeaders(schema)).toEqual([]);
  });

  it.each([
    ['an empty name', properties({ a: { type: 'string', 'x-mcp-header': '' } })],
    ['a name that is no token', properties({ a: { type: 'string', 'x-mcp-header': 'a b' } })],
    ['a name with a line break', properties({ a: { type: 'string', 'x-mcp-header': 'a\r\nb' } })],
    ['a name that is no string', properties({ a: { type: 'string', 'x-mcp-header': 7 } })],
    ['equal names in different case', properties({ a: region, b: { ...region, 'x-mcp-header': 'REGION' } })],
    ['a number', properties({ a: { ...region, type: 'number' } })],
    ['an object', properties({ a: { ...region, type: 'object' } })],
    ['several types', properties({ a: { ...region, type: ['string', 'null'] } })],
    ['no type', properties({ a: { 'x-mcp-header': 'A' } })],
    ['the root', readParamHeaders(region)],
    ['items', properties({ a: { type: 'array', items: region } })],
    ['properties of items', properties({ a: { items: { properties: { b: region } } } })],
    ['anyOf', properties({ a: { anyOf: [region] } })],
    ['a condition', readParamHeaders({ if: { properties: { a: region } } })],
    ['a definition', readParamHeaders({ $defs: { region } })],
    ['additionalProperties', readParamHeaders({ additionalProperties: region })],
    ['patternProperties', readParamHeaders({ patternProperties: { '.': region } })],
    ['an unknown keyword', readParamHeaders({ futureKeyword: { deep: [region] } })],
  ])('calls a tool invalid for an annotation with %s', (_, found) => {
    expect(found).toBe('invalid');
  });
});

describe('accepts', () => {
  it.each([
    [undefined, true, true],
    ['application/json, text/event-stream', true, true],
    ['*/*', true, true],
    ['application/json', true, false],
    ['text/event-stream', false, true],
    ['Application/JSON; q=0.5, text/*', true, true],
    ['application/*;q=0, */*', false, true],
    ['*/*;q=0.0, text/event-stream', false, true],
    ['application/jsonx, x/application/json', false, false],
    ['', false, false],
  ])('reads %j', (header, json, events) => {
    expect(accepts(header, 'application/json')).toBe(json);
    expect(accepts(header, 'text/event-stream')).toBe(events);
  });
});

describe('isJsonContentType', () => {
  it('knows JSON with parameters, and nothing that merely looks like it', () => {
    for (const header of ['application/json', 'Application/JSON ; charset=utf-8'])
      expect(isJsonContentType(header)).toBe(true);
    for (const header of [undefined, '', 'text/plain', 'application/jsonp', 'text/plain;application/json'])
      expect(isJsonContentType(header)).toBe(false);
  });
});
