import { afterEach, describe, expect, it, vi } from 'vitest';
import { ScriptedServer, TestExchange, testClient, toolCall } from './channel-upstream.fixture.ts';
import { createChannelUpstream } from './channel-upstream.ts';
import type { Listener, ListenFilter } from './endpoint.ts';
import type { Client, ExchangeRequest } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { createRelay } from './relay.ts';

function setUp(server: ScriptedServer) {
  const lost: string[] = [];
  const clientInfo = new JsonText('{"name":"forge","version":"0"}');
  const relay = createRelay(
    (events) => createChannelUpstream({ open: server.open, transport: 'test', events, clientInfo }),
    { key: 'test', onLost: (error) => lost.push(error.message) },
  );
  const handle = (request: ExchangeRequest) => relay.handle(request, new TestExchange());
  return { relay, lost, handle };
}

class TestListener implements Listener {
  readonly log: string[] = [];

  note(method: string, params: JsonText | undefined): void {
    this.log.push(params === undefined ? method : `${method} ${params.text}`);
  }

  async ask() {
    return { result: new JsonText('{"roots":[1]}') };
  }
}

const list = (client: Client = testClient()): ExchangeRequest => ({ method: 'tools/list', params: undefined, client });

afterEach(() => {
  vi.useRealTimers();
});

describe('a relay', () => {
  it('describes its upstream and passes calls through as they are', async () => {
    const server = new ScriptedServer('legacy', { tools: {} });
    server.scripts.set('tools/call', ({ params }) => ({ result: { name: params?.['name'] } }));
    const { relay, handle } = setUp(server);
    const description = await relay.describe({ id: 'alice' });
    expect(description.serverInfo.value).toEqual({ name: 'scripted', version: '1' });
    expect(await handle(toolCall('any name'))).toMatchObject({ era: 'legacy' });
  });

  it('does not tell clients why its upstream cannot be reached', async () => {
    const server = new ScriptedServer('legacy');
    const { relay } = setUp(server);
    server.scripts.set('server/discover', (_message, connection) => connection.die('secret'));
    server.scripts.set('initialize', (_message, connection) => connection.die('secret'));
    await expect(relay.describe({ id: 'alice' })).rejects.toThrow(/^The upstream cannot be reached$/);
  });

  it('learns mirrored arguments from the list, and leaves out tools that break their rules', async () => {
    const server = new ScriptedServer('modern', { tools: {} });
    const mirrored = (name: string) => ({
      type: 'object',
      properties: { region: { type: 'string', 'x-mcp-header': name } },
    });
    const tools = [
      { name: 'good', inputSchema: mirrored('Region') },
      { name: 'bad', inputSchema: mirrored('not a token') },
      { name: 'plain', inputSchema: { type: 'object' } },
    ];
    server.scripts.set('tools/list', () => ({ result: { tools, resultType: 'complete' } }));
    const { relay, handle } = setUp(server);
    const { result } = await handle(list());
    expect(result?.value).toEqual({ tools: [tools[0], tools[2]], resultType: 'complete' });
    expect(relay.paramHeaders('good', { id: 'alice' })).toEqual([{ name: 'Region', path: ['region'] }]);
    expect(relay.paramHeaders('plain', { id: 'alice' })).toBeUndefined();
  });

  it('tells each listener what it asked for, and watches the union', async () => {
    const server = new ScriptedServer('legacy', { tools: { listChanged: true }, resources: { subscribe: true } });
    server.scripts.set('resources/subscribe', () => ({ result: {} }));
    server.scripts.set('resources/unsubscribe', () => ({ result: {} }));
    const { relay, handle } = setUp(server);
    await handle(list());
    const listen = (filter: ListenFilter) => {
      const listener = new TestListener();
      return { ...relay.listen(testClient(), filter, listener), log: listener.log };
    };
    const tools = listen({ toolsListChanged: true });
    const one = listen({ resourceSubscriptions: ['file:///a'] });
    const two = listen({ resourceSubscriptions: ['file:///a', 'file:///b'] });
    server.newest.send({ method: 'notifications/tools/list_changed' });
    server.newest.send({ method: 'notifications/resources/updated', params: { uri: 'file:///a/part' } });
    server.newest.send({ method: 'notifications/resources/updated', params: { uri: 'file:///bb' } });
    await vi.waitFor(() => expect(two.log).toHaveLength(1));
    expect(tools.log).toEqual(['notifications/tools/list_changed']);
    expect(one.log).toEqual(['notifications/resources/updated {"uri":"file:///a/part"}']);
    two.update({});
    await vi.waitFor(() => expect(server.newest.last('resources/unsubscribe')?.params).toEqual({ uri: 'file:///b' }));
    one.close();
    await vi.waitFor(() => expect(server.newest.last('resources/unsubscribe')?.params).toEqual({ uri: 'file:///a' }));
  });

  it('passes on what a paired session asks and notes', async () => {
    const server = new ScriptedServer('legacy');
    server.scripts.set('tools/list', () => ({ result: { tools: [] } }));
    const { relay, handle } = setUp(server);
    const client = testClient({ era: 'legacy', sessionId: 's', capabilities: new JsonText('{"roots":{}}') });
    const listener = new TestListener();
    const listening = relay.listen(client, {}, listener);
    await handle(list(client));
    expect(await server.newest.ask('roots/list')).toMatchObject({ result: { roots: [1] } });
    server.newest.send({ method: 'notifications/vendor/x', params: {} });
    await vi.waitFor(() => expect(listener.log).toEqual(['notifications/vendor/x {}']));
    listening.close();
    expect(await server.newest.ask('roots/list')).toMatchObject({ error: { code: -32600 } });
    relay.sessionEnded('s');
    await vi.waitFor(() => expect(server.newest.closed).toBe(true));
  });

  it('connects again for those who only listen, and tells them that lists may have changed', async () => {
    vi.useFakeTimers();
    const server = new ScriptedServer('legacy', { tools: { listChanged: true } });
    const { relay, lost } = setUp(server);
    await relay.describe({ id: 'alice' });
    const listener = new TestListener();
    relay.listen(testClient(), { toolsListChanged: true }, listener);
    server.newest.die('it died');
    expect(lost).toEqual(['it died']);
    await vi.advanceTimersByTimeAsync(1100);
    expect(server.connections).toHaveLength(2);
    expect(listener.log).toEqual(['notifications/tools/list_changed']);
  });
});
