import { describe, expect, test } from 'vitest';
import { documentOf, map, toolOf } from './map.fixture.ts';

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const object = (properties: object, more: object = {}) => ({ type: 'object', properties, ...more });
/** Names of the arguments. */
const argumentsOf = (tool: { inputSchema: Readonly<Record<string, unknown>> }): string[] =>
  Object.keys(tool.inputSchema['properties'] as object);

describe('parameters', () => {
  test('of every place, in every style', async () => {
    const parameters = [
      { name: 'id', in: 'path', required: true, schema: { type: 'integer' } },
      { name: 'tags', in: 'query', schema: { type: 'array' }, explode: false, description: 'Some tags' },
      { name: 'kinds', in: 'query', schema: { type: 'array' }, style: 'pipeDelimited' },
      { name: 'filter[of it]', in: 'query', schema: { type: 'object' }, style: 'deepObject', allowReserved: true },
      { name: 'where', in: 'query', content: { 'application/json': { schema: { type: 'object' } } } },
      { name: 'X-Trace', in: 'header', required: true, schema: { type: 'string' }, deprecated: true },
      { name: 'sid', in: 'cookie', schema: { type: 'string' } },
      { name: 'Authorization', in: 'header', required: true, schema: { type: 'string' } },
    ];
    const tool = await toolOf({ parameters }, { path: '/things/{id}' });
    expect(tool.parameters).toEqual([
      { argument: 'id', in: 'path' },
      { argument: 'tags', in: 'query', explode: false },
      { argument: 'kinds', in: 'query', style: 'pipeDelimited', explode: false },
      { argument: 'filter_of_it', in: 'query', name: 'filter[of it]', style: 'deepObject', allowReserved: true },
      { argument: 'where', in: 'query', encoding: 'json' },
      { argument: 'X-Trace', in: 'header' },
      { argument: 'sid', in: 'cookie' },
    ]);
    expect(tool.inputSchema).toMatchObject({
      properties: { tags: { description: 'Some tags' }, 'X-Trace': { deprecated: true } },
      required: ['id', 'X-Trace'],
      additionalProperties: false,
    });
    expect(tool.otherArguments).toBe('refuse');
    expect(tool.notes).toEqual([]);
  });

  test('of one name in several places are told apart by the place, whatever their order', async () => {
    const parameters = [
      { name: 'id', in: 'header', schema: {} },
      { name: 'id', in: 'query', schema: {} },
      { name: 'id', in: 'path', required: true, schema: {} },
    ];
    const expected = ['id', 'id_query', 'id_header'];
    expect(argumentsOf(await toolOf({ parameters }, { path: '/{id}' }))).toEqual(expected);
    expect(argumentsOf(await toolOf({ parameters: parameters.toReversed() }, { path: '/{id}' }))).toEqual(expected);
  });

  test('of a path are replaced by those of its operation', async () => {
    const { config } = await map(
      documentOf({
        '/a': {
          parameters: [
            { name: 'x', in: 'query', schema: { type: 'string' } },
            { name: 'y', in: 'query', schema: {} },
          ],
          get: { parameters: [{ name: 'x', in: 'query', schema: { type: 'integer' } }] },
        },
      }),
    );
    expect(config.operations[0]?.inputSchema['properties']).toEqual({ x: { type: 'integer' }, y: {} });
  });

  test('with the styles "label" and "matrix" are texts in the path', async () => {
    const parameters = [
      { name: 'a', in: 'path', required: true, style: 'label', schema: { type: 'integer' } },
      { name: 'b', in: 'path', required: true, style: 'matrix', explode: false, schema: { type: 'array' } },
    ];
    expect((await toolOf({ parameters }, { path: '/x{a}/{b}' })).path).toBe('/x.{a}/;b={b}');
  });

  test('that nobody describes are texts, and it is said', async () => {
    const tool = await toolOf({}, { path: '/things/{id}' });
    expect(tool).toMatchObject({ inputSchema: { properties: { id: { type: 'string' } }, required: ['id'] } });
    expect(tool.notes).toEqual(['the path has "{id}", which no parameter describes']);
  });

  test.each([
    [{ name: 'Host', in: 'header', schema: {} }, 'is a header that cannot be set here'],
    [{ name: 'a', in: 'query', content: { 'application/xml': {} } }, 'is written as application/xml'],
    [{ name: 'a', in: 'query', style: 'zigzag', schema: {} }, 'has the style "zigzag"'],
    [{ name: 'x'.repeat(300), in: 'query', schema: {} }, 'has too long a name'],
  ])('%j cannot be sent: it is left out, or the operation is no tool where it is required', async (parameter, why) => {
    const { notes, parameters } = await toolOf({ parameters: [parameter] });
    expect([parameters, notes]).toEqual([undefined, [expect.stringContaining(why)]]);
    await expect(toolOf({ parameters: [{ ...parameter, required: true }] })).rejects.toThrow(why);
  });

  test.each([
    ['csv', { explode: false }],
    ['ssv', { style: 'spaceDelimited', explode: false }],
    ['pipes', { style: 'pipeDelimited', explode: false }],
    ['multi', {}],
  ])('of 2.0 with the collectionFormat %s', async (collectionFormat, style) => {
    const parameters = [{ name: 'a', in: 'query', type: 'array', items: { type: 'integer' }, collectionFormat }];
    const paths = { '/a': { get: { parameters } } };
    const { config } = await map({ swagger: '2.0', info: {}, paths });
    expect(config.operations[0]?.parameters).toEqual([{ argument: 'a', in: 'query', ...style }]);
    expect(config.operations[0]?.inputSchema['properties']).toEqual({
      a: { type: 'array', items: { type: 'integer' } },
    });
  });
});

describe('a body', () => {
  const post = (requestBody: object, more: object = {}) =>
    toolOf({ requestBody, ...more }, { method: 'post', path: '/things/{id}' });
  const id = { parameters: [{ name: 'id', in: 'path', required: true, schema: {} }] };

  test('that is a plain object is taken apart', async () => {
    const schema = object({ name: { type: 'string' }, 'a[b]': {} }, { required: ['name'] });
    const tool = await post({ required: true, ...json(schema) }, id);
    expect(argumentsOf(tool)).toEqual(['id', 'name', 'a_b']);
    expect(tool.inputSchema['required']).toEqual(['id', 'name']);
    expect(tool.body).toEqual({ encoding: 'json', fields: { name: {}, a_b: { name: 'a[b]' } } });
  });

  test('that is made of several plain objects is taken apart, too', async () => {
    const schemas = { Named: object({ name: { type: 'string' } }, { required: ['name'] }) };
    const schema = {
      allOf: [{ $ref: '#/components/schemas/Named' }, object({ name: { maxLength: 9 }, age: {} })],
      anyOf: [{ required: ['age'] }, { required: ['name', 'age'] }],
    };
    const tool = await toolOf(
      { requestBody: { required: true, ...json(schema) } },
      { method: 'post', components: { schemas } },
    );
    expect(tool.inputSchema).toEqual({
      type: 'object',
      properties: { name: { allOf: [{ type: 'string' }, { maxLength: 9 }] }, age: {} },
      required: ['name'],
      additionalProperties: false,
    });
    expect(tool.description).toContain('One of these must be given: age; name and age.');
  });

  test('that may have any other member takes other arguments', async () => {
    const tool = await post({
      required: true,
      ...json(object({ a: {} }, { additionalProperties: { type: 'string' } })),
    });
    expect(tool).toMatchObject({ inputSchema: { additionalProperties: { type: 'string' } }, otherArguments: 'body' });
  });

  test.each([
    ['whose members have names of parameters', { required: true, ...json(object({ id: {} })) }],
    ['that is a list', { required: true, ...json({ type: 'array', items: {} }) }],
    [
      'that says more than properties could',
      { required: true, ...json({ ...object({ a: {} }), minProperties: 1, not: {} }) },
    ],
    ['that may be left out, and has members that may not', json(object({ a: {} }, { required: ['a'] }))],
    ['of which nothing is known', { required: true, ...json({}) }],
  ])('%s is one argument', async (_, requestBody) => {
    const tool = await post(requestBody, id);
    expect(argumentsOf(tool)).toEqual(['id', 'body']);
    expect(tool.body).toEqual({ encoding: 'json', argument: 'body' });
  });

  test('that may be left out is left out when it is empty', async () => {
    expect((await post(json(object({ a: {} })), id)).body).toEqual({
      encoding: 'json',
      fields: { a: {} },
      optional: true,
    });
  });

  test('is one argument of another name where a parameter has this one', async () => {
    const parameters = [{ name: 'body', in: 'query', schema: {} }];
    const tool = await post({ ...json({ type: 'string' }), description: 'What to say' }, { parameters });
    expect(tool.inputSchema['properties']).toMatchObject({
      request_body: { type: 'string', description: 'What to say' },
    });
  });

  test('as a form, with styles of fields', async () => {
    const content = {
      'application/x-www-form-urlencoded': {
        schema: object({ a: { type: 'object' }, b: { type: 'array' }, c: {} }),
        encoding: { a: { style: 'deepObject', explode: true }, b: { explode: false } },
      },
    };
    expect((await post({ required: true, content })).body).toEqual({
      encoding: 'form',
      fields: { a: { style: 'deepObject', explode: true }, b: { style: 'form', explode: false }, c: {} },
    });
  });

  test('in parts, with files', async () => {
    const content = {
      'multipart/form-data': {
        schema: object({
          file: { type: 'string', format: 'binary', description: 'A picture' },
          more: { type: 'array', items: { type: 'string', contentMediaType: 'image/png' } },
          meta: { type: 'object' },
        }),
        encoding: { meta: { contentType: 'application/json' }, file: { contentType: 'image/png, image/gif' } },
      },
    };
    const tool = await post({ required: true, content });
    expect(tool.body).toEqual({
      encoding: 'multipart',
      fields: { file: { file: true }, more: { file: true }, meta: { contentType: 'application/json' } },
    });
    expect(tool.inputSchema['properties']).toMatchObject({ file: { description: 'A picture (in base64)' } });
  });

  test.each([
    ['application/octet-stream', { encoding: 'binary', contentType: 'application/octet-stream' }],
    ['image/png', { encoding: 'binary', contentType: 'image/png' }],
    ['application/xml', { encoding: 'text', contentType: 'application/xml' }],
    ['text/plain', { encoding: 'text', contentType: 'text/plain' }],
    ['application/vnd.api+json', { encoding: 'json', contentType: 'application/vnd.api+json' }],
  ])('of the type %s', async (type, body) => {
    const tool = await post({ required: true, content: { [type]: { schema: {} } } });
    expect(tool.body).toEqual({ ...body, argument: 'body' });
  });

  test('of several types is JSON, if one is', async () => {
    const content = Object.fromEntries(
      ['text/csv', 'application/json-patch+json', 'multipart/form-data', 'application/merge-patch+json'].map((type) => [
        type,
        { schema: object({ a: {} }) },
      ]),
    );
    expect((await post({ required: true, content })).body).toMatchObject({
      encoding: 'json',
      contentType: 'application/merge-patch+json',
    });
  });

  test('of a GET is left out, and it is said', async () => {
    const tool = await toolOf({ requestBody: json(object({ q: {} })) });
    expect([tool.body, tool.notes]).toEqual([undefined, ['its body is left out: GET has none']]);
  });

  test('of 2.0 is a parameter, or made of some', async () => {
    const { config } = await map({
      swagger: '2.0',
      info: {},
      consumes: ['application/json'],
      definitions: { Pet: object({ name: {} }, { required: ['name'] }) },
      paths: {
        '/pets': {
          post: { parameters: [{ in: 'body', name: 'pet', required: true, schema: { $ref: '#/definitions/Pet' } }] },
        },
        '/photos': {
          post: {
            parameters: [
              { in: 'formData', name: 'photo', type: 'file', required: true },
              { in: 'formData', name: 'note', type: 'string' },
            ],
          },
        },
        '/tags': { put: { parameters: [{ in: 'formData', name: 'tags', type: 'array', items: { type: 'string' } }] } },
      },
    });
    expect(config.operations.map(({ body }) => body)).toEqual([
      { encoding: 'json', fields: { name: {} } },
      { encoding: 'multipart', fields: { photo: { file: true }, note: {} } },
      { encoding: 'form', fields: { tags: { style: 'form', explode: false } } },
    ]);
    expect(config.operations[1]?.inputSchema).toMatchObject({ required: ['photo'] });
  });
});

describe('the name of a tool', () => {
  const namesOf = async (paths: object): Promise<Record<string, string>> => {
    const { operations } = await map(documentOf(paths));
    return Object.fromEntries(operations.map(({ method, path, name }) => [`${method} ${path}`, name]));
  };

  test('is the operationId made fit, or made of method and path', async () => {
    expect(
      await namesOf({
        '/a': { get: { operationId: 'repos/get-all' }, put: { operationId: '  Überall.sein ' } },
        '/users/{id}/posts': { get: {} },
        '/': { get: {} },
        '/long': { get: { operationId: 'x'.repeat(10_000) } },
        '/odd': { get: { operationId: '__proto__' }, put: { operationId: '☃' } },
      }),
    ).toEqual({
      'GET /a': 'repos_get-all',
      'PUT /a': 'berall_sein',
      'GET /users/{id}/posts': 'get_users_id_posts',
      'GET /': 'get',
      'GET /long': expect.stringMatching(/^x{55}_[0-9a-f]{8}$/),
      'GET /odd': expect.stringMatching(/^unnamed_[0-9a-f]{8}$/),
      'PUT /odd': expect.stringMatching(/^unnamed_[0-9a-f]{8}$/),
    });
  });

  test('that several would have gets a hash of method and path, the same in any order', async () => {
    const paths = {
      '/a': { get: { operationId: 'list' } },
      '/b': { get: { operationId: 'list' }, post: { operationId: 'add' } },
    };
    const names = await namesOf(paths);
    expect(names).toEqual({
      'GET /a': expect.stringMatching(/^list_[0-9a-f]{8}$/),
      'GET /b': expect.stringMatching(/^list_[0-9a-f]{8}$/),
      'POST /b': 'add',
    });
    expect(names['GET /a']).not.toBe(names['GET /b']);
    expect(await namesOf(Object.fromEntries(Object.entries(paths).toReversed()))).toEqual(names);
  });
});

test.each([
  ['get', { readOnlyHint: true, destructiveHint: false, idempotentHint: true }],
  ['head', { readOnlyHint: true, destructiveHint: false, idempotentHint: true }],
  ['put', { readOnlyHint: false, destructiveHint: true, idempotentHint: true }],
  ['delete', { readOnlyHint: false, destructiveHint: true, idempotentHint: true }],
  ['post', { readOnlyHint: false, destructiveHint: true, idempotentHint: false }],
  ['patch', { readOnlyHint: false, destructiveHint: true, idempotentHint: false }],
])('%s says what it does', async (method, annotations) => {
  expect((await toolOf({}, { method })).annotations).toEqual(annotations);
});

test('what is said of an operation is said of its tool, and what to go on with', async () => {
  const links = {
    owner: { operationId: 'getUser', parameters: { id: '$response.body#/owner' } },
    bare: { operationRef: '#/x' },
  };
  const tool = await toolOf({
    summary: 'Lists',
    description: 'Lists things.',
    deprecated: true,
    responses: { 200: { links } },
  });
  expect(tool).toMatchObject({
    title: 'Lists',
    description: 'Deprecated.\n\nLists things.\n\nTo go on with the answer: getUser (id = $response.body#/owner); #/x.',
  });
  expect((await toolOf({})).description).toBe('GET /things');
});

test.each([
  ['trace', '/a', 'the method TRACE is not supported'],
  ['get', 'a', 'does not begin with a slash'],
  ['get', '/a/../b', 'steps that lead elsewhere'],
  ['get', '/a/%2e%2E/b', 'steps that lead elsewhere'],
  ['get', '/a/{b', 'brace'],
])('%s %s is no tool', async (method, path, reason) => {
  await expect(toolOf({}, { method, path })).rejects.toThrow(reason);
});

test('parameters in a query in the path belong to the query', async () => {
  const parameters = [{ name: 'lat', in: 'path', required: true, schema: { type: 'number' } }];
  expect(await toolOf({ parameters }, { path: '/weather?latitude={lat}&units=m' })).toMatchObject({
    path: '/weather',
    query: { units: 'm' },
    parameters: [{ argument: 'lat', in: 'query', name: 'latitude' }],
    inputSchema: { required: ['lat'] },
  });
});

test('a fragment tells operations apart, and is not sent', async () => {
  const { config } = await map(documentOf({ '/#Action=a': { get: {} }, '/#Action=b': { get: {} } }));
  expect(config.operations.map(({ name, path }) => [name, path])).toEqual([
    ['get_Action_a', '/'],
    ['get_Action_b', '/'],
  ]);
});

test('a query in the path is sent with every call', async () => {
  expect(await toolOf({}, { path: '/a?action=list&b' })).toMatchObject({
    path: '/a',
    query: { action: 'list', b: '' },
  });
});
