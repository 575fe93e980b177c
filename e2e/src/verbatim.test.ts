import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rawLegacy, rawModern, type RawClient } from './clients/raw-client.ts';
import { type Fixture, type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

/** What a careless parser changes: order, doubled spaces, big and round numbers, escapes, fields that nobody knows. */
const ODD =
  '"z":1,"a":{"big":12345678901234567890,"round":1.0,"tiny":1e-7,"zero":-0,"exponent":1E+2},"2":"numeric key","1":"before it",' +
  '"text":"\\u00e9 \\/ \\ud83d\\ude00 é","empty":{},"none":null,"__proto__":{"kept":true},"list":[1.0,2.50,[]]';
const ARGUMENTS = `{${ODD}}`;
const RESULT = `{"content":[{"type":"text","text":"\\u0041","vendor/field":{${ODD}}},{"type":"hologram","depth":1.0}],"structuredContent":{${ODD}},"vendorField":[1.0,-0],"_meta":{"vendor/x":1.10}}`;
const TOOL = `{"name":"verbatim","inputSchema":{"type":"object","$defs":{"b":1,"a":2},"x-vendor":1.0},"execution2":{${ODD}}}`;

const scope = createScope();
afterAll(() => scope.end());

describe.each<FixtureEra>(['modern', 'legacy'])('from a %s client to a server of the same era and back', (era) => {
  let server: Fixture;
  let client: RawClient;

  beforeAll(async () => {
    const gateway = await startGateway(scope);
    server = await startFixture(scope, era);
    server.tools = [TOOL];
    const url = await gateway.compose('one', [await gateway.register({ name: 'one', url: server.url })]);
    const connect = { url, token: gateway.token };
    client = era === 'modern' ? rawModern(connect) : await rawLegacy(connect);
  });

  it('arguments survive to the character', async () => {
    server.verbatim = '{"content":[]}';
    await client.request(
      'tools/call',
      `{"vendor":1.0,"name":"verbatim","arguments":${ARGUMENTS},"last":"b"}`,
      'verbatim',
    );
    const body = server.received.find((request) => request.body.includes('"tools/call"'))?.body;
    expect(body).toContain('"vendor":1.0,"name":"verbatim"');
    expect(body).toContain(`"arguments":${ARGUMENTS},"last":"b"`);
  });

  it.each([
    ['as it is', (result: string) => result],
    // Above 32 KB a result is not parsed at all.
    ['when it is large', (result: string) => result.replace('"\\u0041"', `"${'x'.repeat(100_000)}\\u0041"`)],
  ])('a result survives %s', async (_, make) => {
    server.verbatim = make(RESULT);
    const { messages } = await client.request('tools/call', '{"name":"verbatim","arguments":{}}', 'verbatim');
    expect(messages).toHaveLength(1);
    expect(messages[0]).toContain(server.verbatim.slice(1, -1));
  });

  it('a definition survives', async () => {
    const { messages } = await client.request('tools/list', '{"vendor":1}');
    expect(messages[0]).toContain(`"tools":[${TOOL}]`);
  });

  it('an error survives with its data', async () => {
    server.failure = `{"code":-31999,"message":"No \\u0041","data":{${ODD}}}`;
    const { messages } = await client.request('tools/call', '{"name":"verbatim","arguments":{}}', 'verbatim');
    expect(messages[0]).toContain('"code":-31999,"message":');
    expect(messages[0]).toContain(`"data":{${ODD}}`);
    expect(JSON.parse(messages[0] ?? '')).toMatchObject({ error: { message: 'No A' } });
  });
});
