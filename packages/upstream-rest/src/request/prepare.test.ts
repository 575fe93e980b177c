import { JsonText } from '@forge/protocol';
import { describe, expect, test } from 'vitest';
import type { RestOperation, RestParameter } from '../config/operation.ts';
import { compileOperation } from './prepare.ts';

const BASE = new URL('https://api.example.com/v1/');

function prepare(operation: Partial<RestOperation>, args: unknown = {}, base = BASE) {
  const inputSchema = { type: 'object' };
  const compiled = compileOperation({ name: 'x', inputSchema, method: 'GET', path: '/things', ...operation }, base);
  return compiled(typeof args === 'string' ? new JsonText(args) : JsonText.of(args));
}

const urlOf = (operation: Partial<RestOperation>, args?: unknown): string => {
  const { url } = prepare(operation, args);
  return url.href.slice('https://api.example.com/v1'.length);
};
const query = (parameter: Partial<RestParameter>, value: unknown): string =>
  urlOf({ parameters: [{ argument: 'a', in: 'query', ...parameter }] }, { a: value }).slice('/things?'.length);

test('null is not sent where there is no way to say it', () => {
  expect(urlOf({}, { a: null, b: 1 })).toBe('/things?b=1');
  const parameters = [
    { argument: 'h', in: 'header' },
    { argument: 'c', in: 'cookie' },
    { argument: 'q', in: 'query' },
  ] as const;
  const { url, headers, cookies } = prepare({ parameters }, { h: null, c: null, q: null });
  expect([url.search, headers['h'], cookies]).toEqual(['', undefined, []]);
  const form = { method: 'POST', body: { encoding: 'form' } } as const;
  expect(prepare(form, { a: null, b: 1 }).content?.body).toBe('b=1');
  expect(prepare({ method: 'POST', body: { encoding: 'json' } }, { a: null }).content?.body).toBe('{"a":null}');
});

describe('the path', () => {
  test('takes arguments, escaped', () => {
    expect(urlOf({ path: '/users/{id}/files/{name}.json' }, { id: 7, name: 'a/b c?#ü' })).toBe(
      '/users/7/files/a%2Fb%20c%3F%23%C3%BC.json',
    );
  });

  test('keeps the digits of large numbers', () => {
    expect(urlOf({ path: '/users/{id}' }, '{"id":12345678901234567890}')).toBe('/users/12345678901234567890');
  });

  test('takes lists and objects in simple style, by another name', () => {
    const parameters = [{ argument: 'ids', in: 'path', name: 'id', explode: true }] as const;
    expect(urlOf({ path: '/users/{id}', parameters }, { ids: ['a', 'b'] })).toBe('/users/a,b');
    expect(urlOf({ path: '/users/{id}', parameters }, { ids: { k: 'v,w' } })).toBe('/users/k=v%2Cw');
  });

  test.each(['.', '..', '', []])('%j climbs nowhere', (id) => {
    expect(() => urlOf({ path: '/users/{id}' }, { id })).toThrow(/"id"/);
    expect(() => urlOf({ path: '/users/{id}/x' }, { id })).toThrow(/"id"/);
  });

  test.each(['//evil.example', '@evil.example', '\\evil.example', '%2e%2e', 'http://evil.example/'])(
    '%s stays below the upstream',
    (id) => {
      const base = new URL('https://api.example.com');
      const { url } = prepare({ path: '/{id}' }, { id }, base);
      expect([url.origin, url.pathname]).toEqual([base.origin, `/${encodeURIComponent(id)}`]);
    },
  );

  test('is not complete without its arguments', () => {
    expect(() => urlOf({ path: '/users/{id}' })).toThrow('"id" is missing');
  });
});

describe('the query', () => {
  test.each([
    [{}, 'x y&z', 'a=x%20y%26z'],
    [{ name: 'b' }, true, 'b=true'],
    [{}, ['p', 'q,r'], 'a=p&a=q%2Cr'],
    [{ explode: false }, ['p', 'q'], 'a=p,q'],
    [{ style: 'spaceDelimited' }, ['p', 'q'], 'a=p%20q'],
    [{ style: 'pipeDelimited' }, ['p', 'q'], 'a=p%7Cq'],
    [{}, { r: 1, g: 2 }, 'r=1&g=2'],
    [{ explode: false }, { r: 1, g: 2 }, 'a=r,1,g,2'],
    [
      { style: 'deepObject' },
      { r: 1, g: { h: [2, 3] } },
      'a%5Br%5D=1&a%5Bg%5D%5Bh%5D%5B0%5D=2&a%5Bg%5D%5Bh%5D%5B1%5D=3',
    ],
    [{ encoding: 'json' }, { r: 1 }, 'a=%7B%22r%22%3A1%7D'],
    [{ allowReserved: true }, 'a/b?c&d=e#f%', 'a=a/b?c%26d%3De%23f%25'],
  ] as const)('%j writes %j as %s', (parameter, value, expected) => {
    expect(query(parameter, value)).toBe(expected);
  });

  test('takes what is named nowhere, and constants that arguments replace', () => {
    expect(urlOf({ query: { page: '1', kind: 'all' } }, { page: 2, tag: ['a', 'b'] })).toBe(
      '/things?kind=all&page=2&tag=a&tag=b',
    );
  });

  test('begins with that of the upstream', () => {
    const base = new URL('https://api.example.com/v1?api-version=3');
    expect(prepare({}, { q: 1 }, base).url.search).toBe('?api-version=3&q=1');
  });

  test('is left alone where others are ignored or refused', () => {
    expect(urlOf({ otherArguments: 'ignore' }, { q: 1 })).toBe('/things');
    expect(() => urlOf({ otherArguments: 'refuse' }, { q: 1 })).toThrow('"q" is not an argument');
  });
});

describe('headers and cookies', () => {
  const parameters: RestParameter[] = [
    { argument: 'trace', in: 'header', name: 'X-Trace' },
    { argument: 'session', in: 'cookie', name: 'sid' },
  ];

  test('take arguments and constants', () => {
    const request = prepare(
      { parameters, headers: { 'X-Trace': 'none', Accept: 'text/csv' } },
      { trace: [1, 2], session: 'a b' },
    );
    expect(request.headers).toEqual({ accept: 'text/csv', 'x-trace': '1,2' });
    expect(request.cookies).toEqual([['sid', 'a%20b']]);
  });

  test.each(['a\r\nb: c', 'a\0', '☃'])('%j cannot be carried', (trace) => {
    expect(() => prepare({ parameters }, { trace })).toThrow(/"trace" has characters/);
  });
});

describe('the body', () => {
  const bodyOf = (body: RestOperation['body'], args: unknown) => {
    const { content } = prepare({ method: 'POST', body, path: '/{id}' }, args);
    return (
      content && [content.type, typeof content.body === 'string' ? content.body : Buffer.from(content.body).toString()]
    );
  };

  test('of JSON is made of all other arguments, to the digit', () => {
    expect(bodyOf({ encoding: 'json' }, '{"id":1,"a":{"b":1.0},"n":123456789012345678901}')).toEqual([
      'application/json',
      '{"a":{"b":1.0},"n":123456789012345678901}',
    ]);
  });

  test('of JSON may have fields of other names, or be one argument', () => {
    expect(
      bodyOf({ encoding: 'json', fields: { petName: { name: 'name' } } }, { id: 1, petName: 'Rex', age: 3 })?.[1],
    ).toBe('{"name":"Rex","age":3}');
    const whole = { encoding: 'json', argument: 'body', contentType: 'application/merge-patch+json' } as const;
    expect(bodyOf(whole, { id: 1, body: [1, 2] })).toEqual(['application/merge-patch+json', '[1,2]']);
    expect(bodyOf(whole, { id: 1 })).toBeUndefined();
  });

  test('as a form', () => {
    expect(bodyOf({ encoding: 'form' }, { id: 1, a: 'x y', b: [1, 2], c: { d: 1 } })).toEqual([
      'application/x-www-form-urlencoded',
      'a=x+y&b=1&b=2&c=%7B%22d%22%3A1%7D',
    ]);
  });

  test('as a form whose fields have styles', () => {
    const fields = { a: { style: 'deepObject' }, b: { style: 'form', explode: false, name: 'c' } } as const;
    expect(bodyOf({ encoding: 'form', fields }, { id: 1, a: { x: [{ y: 'p q' }] }, b: [1, 2] })?.[1]).toBe(
      'a%5Bx%5D%5B0%5D%5By%5D=p%20q&c=1,2',
    );
  });

  test('in parts, with files in base64', () => {
    const body = { encoding: 'multipart', fields: { file: { file: true, filename: 'a"b.txt' } } } as const;
    const [type = '', text = ''] = bodyOf(body, { id: 1, file: 'aGVsbG8=', note: 'hi' }) ?? [];
    const boundary = type.split('boundary=')[1];
    expect(text.split(`--${boundary}`)).toEqual([
      '',
      '\r\nContent-Disposition: form-data; name="file"; filename="a%22b.txt"\r\nContent-Type: application/octet-stream\r\n\r\nhello\r\n',
      '\r\nContent-Disposition: form-data; name="note"\r\n\r\nhi\r\n',
      '--\r\n',
    ]);
  });

  test('as text or bytes', () => {
    expect(bodyOf({ encoding: 'text', argument: 't' }, { id: 1, t: 'ü' })).toEqual(['text/plain; charset=utf-8', 'ü']);
    expect(bodyOf({ encoding: 'binary', argument: 't' }, { id: 1, t: 'data:image/png;base64,aGk=' })?.[1]).toBe('hi');
    expect(() => bodyOf({ encoding: 'binary', argument: 't' }, { id: 1, t: 'not base64' })).toThrow(
      /"t" must be a file/,
    );
  });
});

test('arguments are held to their schema, all at once', () => {
  const inputSchema = {
    type: 'object',
    properties: {
      n: { type: 'integer' },
      s: { type: ['string', 'null'] },
      kind: { enum: ['a', 'b'] },
      o: { type: 'string' },
    },
    required: ['n', 'missing'],
  };
  expect(() => prepare({ inputSchema }, { n: 1.5, s: null, kind: 'c', o: null })).toThrow(
    'Invalid arguments: "n" must be integer; "kind" must be one of ["a","b"]; "missing" is missing',
  );
  expect(prepare({ inputSchema }, { n: 1, missing: 1, o: null }).url.search).toBe('?n=1&missing=1');
});
