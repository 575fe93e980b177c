/** MCP Apps (`io.modelcontextprotocol/ui`) through the gateway: metadata of tools, resources behind it, who declares what. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namesOf, textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { rawLegacy, rawModern } from './clients/raw-client.ts';
import { tool, VIEW } from './fixtures/behaviours.ts';
import { type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

const EXTENSION = 'io.modelcontextprotocol/ui';
const capabilities = { extensions: { [EXTENSION]: { mimeTypes: ['text/html;profile=mcp-app'] } } };
/** Both the current key and the older one, as servers send them for some time to come. */
const META =
  '"_meta":{"ui":{"resourceUri":"ui://fixture/view","visibility":["app"],"x":1.0},"ui/resourceUri":"ui://fixture/view"}';
const APP = `{"name":"app","inputSchema":{"type":"object"},${META}}`;

const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope);
});
afterAll(() => scope.end());

describe.each<[FixtureEra, FixtureEra]>([
  ['legacy', 'legacy'],
  ['legacy', 'modern'],
  ['modern', 'legacy'],
  ['modern', 'modern'],
])('between a %s client and %s servers', (clientEra, era) => {
  const name = `${clientEra} ${era}`;
  const slug = name.replace(' ', '-');
  let single: string;
  let aggregate: string;
  let chosen: string;

  beforeAll(async () => {
    const upstream = await startFixture(scope, era);
    upstream.extensions = { [EXTENSION]: { vendor: true } };
    upstream.tools = [APP, tool('declared')];
    const id = await gateway.register({ name, url: upstream.url });
    const other = await gateway.register({ name: `${name} other`, url: (await startFixture(scope, era)).url });
    single = await gateway.compose(`${name} single`, [id]);
    aggregate = await gateway.compose(`${name} aggregate`, [id, other]);
    const tools = { name: `${name} chosen`, associated_tools: [`${slug}-app`, `${slug}-other-echo`] };
    const { body } = await gateway.api('POST', '/servers', tools);
    chosen = `${gateway.url}/servers/${(body as { id: string }).id}/mcp`;
  });

  const raw = (url: string) => {
    const connect = { url, token: gateway.token };
    return clientEra === 'modern' ? rawModern(connect) : rawLegacy(connect);
  };
  const connect = (url: string) =>
    (clientEra === 'modern' ? connectModern : connectLegacy)(scope, { url, token: gateway.token, capabilities });

  it('a tool keeps its metadata to the character, whatever its name becomes', async () => {
    for (const url of [single, aggregate, chosen]) {
      const { messages } = await (await raw(url)).request('tools/list', '{}');
      expect(messages[0]).toContain(META);
    }
    expect(namesOf(await (await connect(chosen)).listTools())).toEqual([`${slug}-app`, `${slug}-other-echo`]);
  });

  it('what it is shown by is read wherever the tool is, though no list has it', async () => {
    for (const url of [single, aggregate, chosen]) {
      const client = await raw(url);
      const { messages } = await client.request('resources/read', '{"uri":"ui://fixture/view"}', 'ui://fixture/view');
      expect(messages.at(-1)).toContain(VIEW.slice(1, -1));
      expect((await client.request('resources/list', '{}')).messages[0]).not.toContain('ui://');
    }
  });

  it('the client learns that the server has the extension, and the server that the client has it', async () => {
    for (const url of [single, aggregate, chosen]) {
      const declared = (await connect(url)).getServerCapabilities()?.extensions;
      expect(declared).toEqual({ [EXTENSION]: { vendor: true } });
    }
    const answer = textOf(await (await connect(single)).callTool({ name: 'declared', arguments: {} }));
    expect(JSON.parse(answer)).toMatchObject(capabilities);
  });
});
