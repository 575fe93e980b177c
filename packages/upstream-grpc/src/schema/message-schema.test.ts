import { create, toBinary } from '@bufbuild/protobuf';
import { WireType } from '@bufbuild/protobuf/wire';
import {
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldOptionsSchema,
  FileDescriptorSetSchema,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { catalogOf, KITCHEN, type Tool, toolsOf, toolsOfProto } from '../fixtures/tools.fixture.ts';

const kitchen = toolsOf(await catalogOf(KITCHEN));

function tool(name: string): Tool {
  const found = kitchen[`kitchen.v1.Kitchen.${name}`];
  if (found === undefined) throw new Error(`There is no ${name}`);
  return found;
}

function property(name: string, side: 'inputSchema' | 'outputSchema' = 'inputSchema'): unknown {
  return (tool('Cook')[side]['properties'] as Record<string, unknown>)[name];
}

describe('the schema of arguments', () => {
  it('has the comments as descriptions', () => {
    expect(tool('Cook').description).toBe('Cooks a dish.\nIt takes a while.');
    expect(tool('Cook').inputSchema['description']).toBe('A dish.');
    expect(property('name')).toEqual({ type: 'string', description: 'Its name.' });
  });

  it('says the signature where there is no comment', () => {
    expect(tool('Talk').description).toBe('rpc Talk(stream StringValue) returns (stream Node) of kitchen.v1.Kitchen');
    expect(tool('Old').description).toContain('Deprecated.');
  });

  it('bounds numbers, and has those of 64 bits as text', () => {
    expect(property('size')).toEqual({ type: 'integer', minimum: 0, maximum: 4_294_967_295 });
    expect(property('bigNumber')).toMatchObject({ type: 'string', pattern: '^-?[0-9]{1,19}$' });
  });

  it('has enumerations by name, each with its comment', () => {
    expect(property('heat')).toEqual({ $ref: '#/$defs/kitchen.v1.Heat' });
    expect(tool('Cook').inputSchema['$defs']).toMatchObject({
      'kitchen.v1.Heat': {
        enum: ['HEAT_UNSPECIFIED', 'MILD', 'HOT'],
        description: 'How spicy something is.\nMILD: Not at all.\nHOT: Very.',
      },
    });
  });

  it('has the JSON forms of well-known types', () => {
    expect(property('madeAt')).toMatchObject({ type: 'string', format: 'date-time' });
    expect(property('takes')).toMatchObject({ type: 'string', pattern: expect.stringContaining('s$') as string });
    expect(property('extra')).toMatchObject({ type: 'object' });
    expect(property('payload')).toMatchObject({ required: ['@type'] });
    expect(property('wrapped')).toMatchObject({ type: 'string', pattern: '^-?[0-9]{1,19}$' });
    expect(property('image')).toEqual({ type: 'string', contentEncoding: 'base64' });
  });

  it('says of each member of a oneof which others exclude it', () => {
    expect(property('pieces')).toMatchObject({ description: 'At most one of: plate, step, pieces.' });
    expect(tool('Cook').inputSchema['dependentSchemas']).toEqual({
      plate: { properties: { step: { not: {} }, pieces: { not: {} } } },
      step: { properties: { pieces: { not: {} } } },
    });
  });

  it('says what the keys of maps are', () => {
    expect(property('steps')).toMatchObject({ propertyNames: { pattern: '^-?[0-9]+$' } });
    expect(property('flags')).toMatchObject({ propertyNames: { enum: ['true', 'false'] } });
  });

  it('has messages in themselves as definitions', () => {
    const node = { $ref: '#/$defs/kitchen.v1.Node' };
    expect(tool('Tree').inputSchema).toMatchObject({
      properties: { children: { items: node }, leaf: { properties: { back: node } } },
      $defs: { 'kitchen.v1.Node': { properties: { children: { items: node } } } },
    });
  });

  it('is an object where the message is none in JSON, and a list of them where messages are streamed', () => {
    expect(tool('Name').inputSchema).toEqual({
      type: 'object',
      properties: { value: { type: 'string' } },
      required: ['value'],
      additionalProperties: false,
    });
    expect(tool('Talk').inputSchema).toMatchObject({
      properties: { messages: { type: 'array', items: { type: 'string' } } },
      required: ['messages'],
    });
  });

  it('requires what proto2 requires', () => {
    expect(tool('Old').inputSchema['required']).toEqual(['id']);
    expect(tool('Cook').inputSchema).not.toHaveProperty('required');
  });

  it('requires what google.api.field_behavior requires', async () => {
    const label = FieldDescriptorProto_Label.OPTIONAL;
    const behavior = { name: 'google/api/field_behavior.proto', package: 'google.api', syntax: 'proto3' };
    const required = { no: 1052, wireType: WireType.Varint, data: Uint8Array.of(2) };
    const options = create(FieldOptionsSchema);
    options.$unknown = [required];
    const set = create(FileDescriptorSetSchema, {
      file: [
        {
          ...behavior,
          enumType: [
            {
              name: 'FieldBehavior',
              value: [
                { name: 'UNSPECIFIED', number: 0 },
                { name: 'REQUIRED', number: 2 },
              ],
            },
          ],
          extension: [
            {
              name: 'field_behavior',
              extendee: '.google.protobuf.FieldOptions',
              number: 1052,
              label: FieldDescriptorProto_Label.REPEATED,
              type: FieldDescriptorProto_Type.ENUM,
              typeName: '.google.api.FieldBehavior',
            },
          ],
        },
        {
          name: 'm.proto',
          syntax: 'proto3',
          messageType: [
            {
              name: 'M',
              field: [
                { name: 'free', number: 1, label, type: FieldDescriptorProto_Type.STRING },
                { name: 'must_be', number: 2, label, type: FieldDescriptorProto_Type.STRING, options },
              ],
            },
          ],
          service: [{ name: 'S', method: [{ name: 'R', inputType: 'M', outputType: 'M' }] }],
        },
      ],
    });
    const descriptorSet = Buffer.from(toBinary(FileDescriptorSetSchema, set)).toString('base64');
    expect(toolsOf(await catalogOf({ descriptorSet }))['S.R']?.inputSchema['required']).toEqual(['mustBe']);
  });

  it('refuses members that the message does not have', () => {
    expect(tool('Cook').inputSchema['additionalProperties']).toBe(false);
  });
});

describe('the schema of answers', () => {
  it('allows for what a newer server may say', () => {
    expect(tool('Cook').outputSchema).not.toHaveProperty('additionalProperties');
    expect(tool('Cook').outputSchema['$defs']).toMatchObject({
      'kitchen.v1.Heat': { anyOf: [{ type: 'string' }, { type: 'integer' }] },
    });
    expect(property('price', 'outputSchema')).toHaveProperty('anyOf');
  });

  it('is a list where messages are streamed', () => {
    expect(tool('Watch').outputSchema).toMatchObject({
      properties: { messages: { items: { type: 'integer' } }, cut: { type: 'string' } },
      required: ['messages'],
    });
  });
});

it('tells from a method whether it may be repeated', () => {
  expect(tool('Tree').annotations).toEqual({ idempotentHint: true });
  expect(tool('Cook').annotations).toBeUndefined();
});

describe('hostile descriptors', () => {
  it('that nest deeply make schemas that do not', async () => {
    const nest = Array.from({ length: 150 }, (_, at) => `message M${at} { M${at + 1} m = 1; }`).join('\n');
    const tools = await toolsOfProto(`${nest} message M150 {} service S { rpc R(M0) returns (M0); }`);
    expect(depthOf(tools['S.R']?.inputSchema)).toBeLessThan(40);
  });

  it('that are wide make schemas of a bounded size, which say what is missing', async () => {
    const fields = Array.from({ length: 200 }, (_, at) => `string a_field_with_a_name_${at} = ${at + 1};`).join('');
    const types = Array.from({ length: 100 }, (_, at) => `message W${at} { ${fields} }`).join('\n');
    const uses = Array.from({ length: 100 }, (_, at) => `W${at} w${at} = ${at + 1};`).join('');
    const tools = await toolsOfProto(`${types} message Wide { ${uses} } service S { rpc R(Wide) returns (Wide); }`);
    const schema = JSON.stringify(tools['S.R']?.inputSchema);
    expect(schema.length).toBeLessThan(131_073);
    expect(schema).toContain('A W99; its fields are not shown here');
  });

  it('of a message with too many fields make a schema that says so', async () => {
    const fields = Array.from({ length: 2100 }, (_, at) => `string f${at} = ${at + 1};`).join('');
    const tools = await toolsOfProto(`message Huge { ${fields} } service S { rpc R(Huge) returns (Huge); }`);
    expect(tools['S.R']?.inputSchema).toEqual({
      type: 'object',
      description: 'A Huge; its fields are not shown here',
    });
  });

  it('that are large in thousands of methods are cut within seconds', async () => {
    const comment = `// ${'x'.repeat(900)}\n`;
    const fields = Array.from({ length: 1000 }, (_, at) => `${comment}string f${at} = ${at + 1};`).join('\n');
    const methods = Array.from({ length: 2000 }, (_, at) => `rpc R${at}(Huge) returns (Huge);`).join('\n');
    const begin = performance.now();
    const tools = await toolsOfProto(`message Huge { ${fields} } service S { ${methods} }`);
    expect(Object.keys(tools).length).toBeLessThan(2000);
    expect(performance.now() - begin).toBeLessThan(10_000);
  });

  it('that use names of JavaScript make ordinary tools', async () => {
    const tools = await toolsOfProto(
      'message constructor { constructor toString = 1; string hasOwnProperty = 2; } service S { rpc R(constructor) returns (constructor); }',
    );
    expect(tools['S.R']?.inputSchema).toMatchObject({ $defs: { constructor: { type: 'object' } } });
  });
});

it('cuts long names, and tells them apart by a hash of the whole', async () => {
  const name = 'Long'.repeat(20);
  const tools = await toolsOfProto(
    `message M {} service S { rpc ${name}A(M) returns (M); rpc ${name}B(M) returns (M); }`,
  );
  const names = Object.keys(tools);
  expect(names).toHaveLength(2);
  for (const one of names) expect(one).toMatch(/^[A-Za-z0-9][A-Za-z0-9_.-]{1,63}$/);
});

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
