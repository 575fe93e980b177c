import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { type Fixture, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

const scope = createScope();
let gateway: Gateway;
let upstream: Fixture;
let url: string;
beforeAll(async () => {
  gateway = await startGateway(scope);
  upstream = await startFixture(scope, 'modern');
  const outputSchema = { type: 'array', items: { $ref: '#/$defs/row' }, $defs: { row: { type: 'integer' } } };
  upstream.tools = [JSON.stringify({ name: 'verbatim', inputSchema: { type: 'object' }, outputSchema })];
  upstream.verbatim = '{"content":[],"structuredContent":[1,2]}';
  url = await gateway.compose('one', [await gateway.register({ name: 'one', url: upstream.url })]);
});
afterAll(() => scope.end());

describe('structured content that is no object', () => {
  it('reaches a legacy client as the member of one, as the schema that it checks against says', async () => {
    const client = await connectLegacy(scope, { url, token: gateway.token });
    const [tool] = (await client.listTools()).tools;
    expect(tool?.outputSchema).toMatchObject({ type: 'object', required: ['result'] });
    expect(await client.callTool({ name: 'verbatim' })).toMatchObject({ structuredContent: { result: [1, 2] } });
    // The client does check: it would not take anything.
    upstream.verbatim = '{"content":[],"structuredContent":["one"]}';
    await expect(client.callTool({ name: 'verbatim' })).rejects.toThrow(/schema/);
    upstream.verbatim = '{"content":[],"structuredContent":[1,2]}';
  });

  it('reaches a modern client as it is', async () => {
    const client = await connectModern(scope, { url, token: gateway.token });
    await client.listTools();
    expect(await client.callTool({ name: 'verbatim' })).toMatchObject({ structuredContent: [1, 2] });
  });
});
