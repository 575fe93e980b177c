import { describe, expect, it } from 'vitest';
import { catalogOf, KITCHEN, toolsOf } from './fixtures/tools.fixture.ts';
import type { Operation } from './operation.ts';
import type { SourceOptions } from './grpc-upstream.ts';
import { createSource } from './source.ts';

const { protoFiles, descriptorSet } = KITCHEN;

it('makes the same tools of .proto files as of what protoc makes of them', async () => {
  const tools = toolsOf(await catalogOf({ protoFiles }));
  expect(Object.keys(tools)).toEqual(
    ['Cook', 'Tree', 'Name', 'Free', 'Feed', 'Watch', 'Talk', 'Old'].map((name) => `kitchen.v1.Kitchen.${name}`),
  );
  expect(tools).toEqual(toolsOf(await catalogOf({ descriptorSet })));
});

const DISH = {
  name: 'Soup',
  count: -3,
  size: 4_294_967_295,
  bigNumber: '-9223372036854775808',
  biggerNumber: '18446744073709551615',
  price: 1.5,
  ready: true,
  image: 'AAH/',
  heat: 'HOT',
  tags: ['warm', ''],
  parts: { leek: 'MILD' },
  steps: { '7': { text: 'stir', at: '12' } },
  flags: { true: 'yes' },
  stars: 0,
  step: { text: 'serve', at: '0' },
  madeAt: '2026-01-31T12:00:00.500Z',
  takes: '90.250s',
  mask: 'name,madeAt',
  extra: { deep: { list: [1, null] } },
  anyValue: [true],
  list: ['a', 1],
  payload: { '@type': 'type.googleapis.com/google.protobuf.Duration', value: '1s' },
  wrapped: '5',
  nothing: {},
  none: null,
  '@renamed': 'as it says',
  gone: 'still there',
  inner: [{ kind: 'KIND_A' }],
};
const ORDER = {
  id: 'one',
  count: 0,
  numbers: [1, 2],
  packed: [3, 4],
  state: 'DONE',
  note: { text: 'a group' },
};
const CASES: readonly (readonly [string, object])[] = [
  ['Cook', DISH],
  ['Old', ORDER],
  ['Tree', { label: 'root', children: [{ label: 'leaf', children: [] }] }],
  ['Name', { value: 'a wrapper' }],
];

describe.each(CASES)('the messages of %s', (name, json) => {
  const operation = async (options: SourceOptions): Promise<Operation> => {
    const found = (await catalogOf(options)).operations.get(`kitchen.v1.Kitchen.${name}`);
    if (found === undefined) throw new Error(`There is no ${name}`);
    return found;
  };

  it('mean the same on the wire by .proto files and by protoc', async () => {
    const [ours, theirs] = [await operation({ protoFiles }), await operation({ descriptorSet })];
    expect(ours.encode(json)).toEqual(theirs.encode(json));
  });

  it('come back as they were', async () => {
    const { encode, decode } = await operation({ descriptorSet });
    const [bytes = Buffer.alloc(0)] = encode(json);
    expect(JSON.parse(decode(bytes))).toEqual(json);
  });
});

it('tells what a field has at its default, and leaves out what is not there', async () => {
  const cook = (await catalogOf({ descriptorSet })).operations.get('kitchen.v1.Kitchen.Cook');
  const answer = JSON.parse(cook?.decode(new Uint8Array()) ?? '') as Record<string, unknown>;
  expect(answer).toMatchObject({ name: '', count: 0, ready: false, heat: 'HEAT_UNSPECIFIED', tags: [], parts: {} });
  for (const absent of ['stars', 'plate', 'step', 'madeAt', 'wrapped']) expect(answer).not.toHaveProperty(absent);
});

it('names the argument that does not fit', async () => {
  const { operations } = await catalogOf({ descriptorSet });
  const encode = (name: string, args: unknown) => () => operations.get(`kitchen.v1.Kitchen.${name}`)?.encode(args);
  expect(encode('Cook', { count: 'many' })).toThrow(/count/);
  expect(encode('Cook', { cuont: 1 })).toThrow(/cuont/);
  expect(encode('Cook', { heat: 'WARM' })).toThrow(/kitchen\.v1\.Heat .*"WARM"/);
  expect(encode('Cook', { plate: 'a', pieces: 2 })).toThrow(/plate|pieces|serving/);
  expect(encode('Feed', {})).toThrow('"messages" must be an array');
  expect(encode('Feed', { messages: [{}, { label: 1 }] })).toThrow(/^messages\[1\]: .*label/);
});

it('offers the services that are wanted only', async () => {
  const { services } = await catalogOf({ descriptorSet, services: ['kitchen.v1.Kitchen'] });
  expect(services).toEqual(['kitchen.v1.Kitchen']);
  expect(() => createSource({ descriptorSet, services: ['kitchen.v1.Chicken'] })).toThrow(
    'config.services: "kitchen.v1.Chicken" is not described; services are: kitchen.v1.Kitchen',
  );
});

it.each([
  [{ 'a.proto': 'syntax = "proto3"; service A {' }, /a\.proto/],
  [{ 'a.proto': 'syntax = "proto3"; service A { rpc B(C) returns (C); }' }, /C/],
  [{ 'a.proto': 'syntax = "proto3"; import "b.proto"; message A { B b = 1; }' }, /no such.*B/],
  [{ 'a.proto': 'syntax = "proto3"; message A {}' }, /describes no service/],
])('says what is wrong with %o', (files, reason) => {
  expect(() => createSource({ protoFiles: files })).toThrow(expect.objectContaining({ code: 'validation_failed' }));
  expect(() => createSource({ protoFiles: files })).toThrow(reason);
});

it('does without imports that only options are of', async () => {
  const files = {
    'a.proto': `syntax = "proto3"; import "google/api/annotations.proto"; import "google/protobuf/descriptor.proto";
      extend google.protobuf.MethodOptions { string extra = 50001; }
      message M {}
      service A { rpc B(M) returns (M) { option (google.api.http) = { get: "/b" }; option (extra) = "x"; } }`,
  };
  expect(Object.keys(toolsOf(await catalogOf({ protoFiles: files })))).toEqual(['A.B']);
});

it('leaves extensions out of what they extend', async () => {
  const files = {
    'a.proto': `syntax = "proto2"; package a;
      message M { required string name = 1; extensions 100 to 200; message N { extend M { optional N inner = 101; } } }
      extend M { optional string outer = 100; }
      service A { rpc B(M) returns (M); }`,
  };
  const tools = toolsOf(await catalogOf({ protoFiles: files }));
  expect(tools['a.A.B']?.inputSchema).toMatchObject({ properties: { name: { type: 'string' } }, required: ['name'] });
  expect(Object.keys(tools['a.A.B']?.inputSchema['properties'] ?? {})).toEqual(['name']);
});

it.each(['AAAA', 'bm8gZGVzY3JpcHRvcnM=', ''])('refuses a descriptor set that is none: %j', (base64) => {
  expect(() => createSource({ descriptorSet: base64 })).toThrow('config.descriptorSet');
});
