import { describe, expect, test } from 'vitest';
import { documentOf, map, toolOf } from './map.fixture.ts';

/** The schema that a property of a body gets. */
async function converted(schema: object, openapi = '3.0.3', more: object = {}): Promise<unknown> {
  const requestBody = {
    required: true,
    content: { 'application/json': { schema: { type: 'object', properties: { a: schema } } } },
  };
  const tool = await toolOf({ requestBody }, { method: 'post', openapi, ...more });
  return (tool.inputSchema['properties'] as Record<string, unknown>)['a'];
}

/** The schema of an answer. */
async function answered(schema: object, more: object = {}): Promise<Record<string, unknown> | undefined> {
  const responses = { 200: { content: { 'application/json': { schema } } } };
  return (await toolOf({ responses }, { openapi: '3.0.3', ...more })).outputSchema;
}

describe('a schema of OpenAPI 3.0 becomes one of JSON Schema 2020-12', () => {
  test.each([
    [{ type: 'string', nullable: true }, { type: ['string', 'null'] }],
    [
      { type: 'string', enum: ['x'], nullable: true },
      { type: ['string', 'null'], enum: ['x', null] },
    ],
    [{ allOf: [{ type: 'string' }], nullable: true }, { anyOf: [{ allOf: [{ type: 'string' }] }, { type: 'null' }] }],
    [
      { type: 'number', minimum: 1, exclusiveMinimum: true },
      { type: 'number', exclusiveMinimum: 1 },
    ],
    [
      { type: 'number', maximum: 1, exclusiveMaximum: false },
      { type: 'number', maximum: 1 },
    ],
    [
      { type: 'string', example: 'x', xml: {}, discriminator: {} },
      { type: 'string', examples: ['x'] },
    ],
    [
      { type: 'string', format: 'byte' },
      { type: 'string', contentEncoding: 'base64' },
    ],
    [{ type: 'array' }, { type: 'array', items: {} }],
    [{ type: 'strange', minLength: -1, multipleOf: 0, required: 'x' }, {}],
    [
      { type: 'string', title: 'A title' },
      { type: 'string', description: 'A title' },
    ],
  ])('%j -> %j', async (source, expected) => {
    expect(await converted(source)).toEqual(expected);
  });

  test('what stands beside a reference does not count, but for what it says to people', async () => {
    const components = { schemas: { Pet: { type: 'object', properties: { name: { type: 'string' } } } } };
    const source = { $ref: '#/components/schemas/Pet', description: 'Mine', maxProperties: 1 };
    expect(await converted(source, '3.0.0', { components })).toEqual({ $ref: '#/$defs/Pet', description: 'Mine' });
    expect(await converted(source, '3.1.0', { components })).toEqual({
      $ref: '#/$defs/Pet',
      description: 'Mine',
      maxProperties: 1,
    });
  });
});

test('a schema of OpenAPI 3.1 stays as it is', async () => {
  const schema = {
    type: ['object', 'null'],
    properties: { kind: { const: 'x' } },
    if: { required: ['kind'] },
    // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword, on an object that nobody awaits
    then: { minProperties: 2 },
    dependentSchemas: { kind: { maxProperties: 3 } },
    prefixItems: [{ type: 'string' }],
    unevaluatedProperties: false,
  };
  expect(await converted(schema, '3.1.1')).toEqual(schema);
});

test('patterns that are no ECMAScript are left out, and it is said', async () => {
  const content = {
    'application/json': {
      schema: { type: 'object', properties: { a: { pattern: '(?i)^\\p{IsGreek}$' }, b: { pattern: '^a$' } } },
    },
  };
  const tool = await toolOf({ requestBody: { required: true, content } }, { method: 'post' });
  expect(tool.inputSchema['properties']).toEqual({ a: {}, b: { pattern: '^a$' } });
  expect(tool.notes).toEqual([expect.stringContaining('"(?i)^\\p{IsGreek}$" is no regular expression')]);
});

describe('definitions', () => {
  const schemas = {
    Node: {
      type: 'object',
      properties: { next: { $ref: '#/components/schemas/Node' }, leaf: { $ref: '#/components/schemas/Leaf' } },
    },
    Leaf: { type: 'string' },
    Unused: { type: 'integer' },
    Self: { $ref: '#/components/schemas/Self' },
    One: { allOf: [{ $ref: '#/components/schemas/Two' }] },
    Two: { anyOf: [{ $ref: '#/components/schemas/One' }] },
  };
  const inputOf = async (schema: object) =>
    toolOf(
      { parameters: [{ name: 'a', in: 'query', content: { 'application/json': { schema } } }] },
      { components: { schemas } },
    );

  test('are those that can be reached, and refer to themselves where they did', async () => {
    const { inputSchema } = await inputOf({ $ref: '#/components/schemas/Node' });
    expect(inputSchema['properties']).toEqual({ a: { $ref: '#/$defs/Node' } });
    expect(inputSchema['$defs']).toEqual({
      Node: { type: 'object', properties: { next: { $ref: '#/$defs/Node' }, leaf: { $ref: '#/$defs/Leaf' } } },
      Leaf: { type: 'string' },
    });
  });

  test.each(['Self', 'One', 'Two'])('%s, which never comes to an end, may be anything', async (name) => {
    const { inputSchema, notes } = await inputOf({ $ref: `#/components/schemas/${name}` });
    expect((inputSchema['$defs'] as Record<string, unknown>)[name]).toEqual({});
    expect(notes).toContainEqual(expect.stringContaining('without end'));
  });

  test('that are not there may be anything', async () => {
    const { inputSchema, notes } = await inputOf({ $ref: '#/components/schemas/Gone' });
    expect(inputSchema['properties']).toEqual({ a: {} });
    expect(notes).toEqual(['"#/components/schemas/Gone" leads nowhere']);
  });

  test('that are too large lose their prose first, and then what lies deepest', async () => {
    const prose = 'It is long. '.repeat(100);
    const wide = (count: number, schema: object) => ({
      type: 'object',
      properties: Object.fromEntries(Array.from({ length: count }, (_, at) => [`p${at}`, schema])),
    });
    const wordy = wide(100, { type: 'string', description: prose });
    const one = await toolOf(
      { parameters: [{ name: 'a', in: 'query', schema: { $ref: '#/components/schemas/Wordy' } }] },
      { components: { schemas: { Wordy: wordy } } },
    );
    expect(JSON.stringify(one.inputSchema['$defs'])).toContain('"description":"It is long."');
    expect(one.notes).toEqual([]);

    const big = wide(1000, { type: 'string', enum: Array.from({ length: 20 }, (_, at) => `value ${at}`) });
    const two = await toolOf(
      { parameters: [{ name: 'a', in: 'query', schema: { $ref: '#/components/schemas/Top' } }] },
      { components: { schemas: { Top: wide(2, { $ref: '#/components/schemas/Big' }), Big: big } } },
    );
    expect(two.inputSchema['$defs']).toMatchObject({ Top: { properties: { p0: {} } }, Big: { type: 'object' } });
    expect(JSON.stringify(two.inputSchema).length).toBeLessThan(65_536);
    expect(two.notes).toEqual([expect.stringContaining('too large')]);

    const inline = await toolOf({ parameters: [{ name: 'a', in: 'query', schema: wide(3, big) }] });
    expect(JSON.stringify(inline.inputSchema).length).toBeLessThan(65_536);
    expect(inline.inputSchema).toMatchObject({ properties: { a: { properties: { p0: { type: 'object' } } } } });
  });
});

describe('an answer', () => {
  test('has what is written only left out, and what callers send has what is read only left out', async () => {
    const properties = {
      id: { type: 'integer', readOnly: true },
      secret: { type: 'string', writeOnly: true },
      name: {},
    };
    const schema = { type: 'object', properties, required: ['id', 'secret', 'name'] };
    const tool = await toolOf(
      {
        requestBody: { required: true, content: { 'application/json': { schema } } },
        responses: { 200: { content: { 'application/json': { schema } } } },
      },
      { method: 'post' },
    );
    expect([Object.keys(tool.inputSchema['properties'] as object), tool.inputSchema['required']]).toEqual([
      ['secret', 'name'],
      ['secret', 'name'],
    ]);
    expect([Object.keys(tool.outputSchema?.['properties'] as object), tool.outputSchema?.['required']]).toEqual([
      ['id', 'name'],
      ['id', 'name'],
    ]);
  });

  test('may have more than the document knows of', async () => {
    const schema = {
      type: 'object',
      properties: { state: { type: 'string', enum: ['on', 'off'], maxLength: 3, format: 'uri' } },
      additionalProperties: false,
      oneOf: [{ required: ['state'] }],
    };
    expect(await answered(schema)).toEqual({
      type: 'object',
      properties: { state: { type: 'string', examples: ['on', 'off'] } },
      anyOf: [{ required: ['state'] }],
    });
  });

  test.each([
    ['a list', { type: 'array', items: { type: 'string' } }],
    ['text', { type: 'string' }],
  ])('that is %s stands under "result"', async (_, schema) => {
    expect(await answered(schema)).toEqual({ type: 'object', properties: { result: schema }, required: ['result'] });
  });

  test.each([
    ['anything', {}],
    ['an object or nothing', { type: 'object', nullable: true }],
    ['an object or a list', { oneOf: [{ type: 'object' }, { type: 'array', items: {} }] }],
  ])('that is %s has no schema', async (_, schema) => {
    expect(await answered(schema)).toBeUndefined();
  });

  test('of a reference has its properties at the top', async () => {
    const components = {
      schemas: { Pet: { type: 'object', properties: { parent: { $ref: '#/components/schemas/Pet' } } } },
    };
    expect(await answered({ $ref: '#/components/schemas/Pet' }, { components })).toEqual({
      ...components.schemas.Pet,
      properties: { parent: { $ref: '#/$defs/Pet' } },
      $defs: { Pet: { type: 'object', properties: { parent: { $ref: '#/$defs/Pet' } } } },
    });
  });

  test('has a schema only where every success has one', async () => {
    const ok = { content: { 'application/json': { schema: { type: 'object', properties: { a: {} } } } } };
    const other = { content: { 'application/json': { schema: { type: 'object', properties: { b: {} } } } } };
    expect((await toolOf({ responses: { 200: ok, 204: {}, 404: other } })).outputSchema).toBeUndefined();
    expect((await toolOf({ responses: { 200: ok, '2XX': other } })).outputSchema).toEqual({
      type: 'object',
      anyOf: [
        { type: 'object', properties: { a: {} } },
        { type: 'object', properties: { b: {} } },
      ],
    });
    expect((await toolOf({ responses: { default: ok } })).outputSchema).toBeDefined();
    expect((await toolOf({ responses: { default: ok } }, { method: 'head' })).outputSchema).toBeUndefined();
  });

  test('is asked for by the types that it has', async () => {
    const of = async (...types: string[]) =>
      (await toolOf({ responses: { 200: { content: Object.fromEntries(types.map((type) => [type, {}])) } } })).headers;
    expect(await of('application/json', 'text/csv')).toBeUndefined();
    expect(await of('application/vnd.api+json', 'text/csv')).toEqual({ Accept: 'application/vnd.api+json' });
    expect(await of('text/csv')).toEqual({ Accept: 'text/csv' });
  });
});

test('references lead into other documents, relative to where they stand', async () => {
  const files: Record<string, string> = {
    'https://docs.example/api/pets.yaml': 'get: {operationId: pets, parameters: [{$ref: "common/all.json#/limit"}]}',
    'https://docs.example/api/common/all.json': JSON.stringify({
      limit: { name: 'limit', in: 'query', schema: { $ref: '#/int' } },
      int: { type: 'integer' },
    }),
  };
  const asked: string[] = [];
  const { config } = await map(documentOf({ '/pets': { $ref: './pets.yaml' } }, { servers: [{ url: '/v2' }] }), {
    documentUrl: 'https://docs.example/api/openapi.json',
    load: (url) => {
      asked.push(url);
      return Promise.resolve(files[url] ?? '');
    },
  });
  expect(config.operations[0]).toMatchObject({
    name: 'pets',
    inputSchema: { properties: { limit: { $ref: expect.stringMatching(/^#\/\$defs\/int_\w{8}$/) } } },
  });
  expect(asked).toEqual(Object.keys(files));
});
