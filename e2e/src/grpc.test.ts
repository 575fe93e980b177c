import { fileURLToPath } from 'node:url';
import type { Client as ModernClient } from '@modelcontextprotocol/client';
import type { Client as LegacyClient } from '@modelcontextprotocol/sdk/client/index.js';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { namesOf, textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { type Running, start } from './harness/process.ts';
import { createScope } from './harness/scope.ts';
import { hasUv, NEEDS_UV } from './harness/uv.ts';

const SERVER = fileURLToPath(new URL('fixtures/grpc/server.py', import.meta.url));
const PYTHON = ['grpcio', 'grpcio-tools', 'grpcio-reflection', 'grpcio-health-checking'];
const PINNED = PYTHON.flatMap((name) => ['--with', `${name}==1.85.1`]);
const KEY = 'secret-of-the-shop';

describe.skipIf(!hasUv && process.env['CI'] === undefined)(`a gRPC server in Python${NEEDS_UV}`, () => {
  const scope = createScope();
  let gateway: Gateway;
  let server: Running;
  let port: string;
  let id: string;
  let clients: { readonly modern: ModernClient; readonly legacy: LegacyClient };

  async function startShop(at = '0'): Promise<void> {
    server = start(scope, { command: 'uv', args: ['run', '--no-project', ...PINNED, 'python', SERVER, at] });
    [, port = ''] = await server.says(/listens on (\d+)/, 120_000);
  }

  beforeAll(async () => {
    await Promise.all([startShop(), startGateway(scope).then((started) => (gateway = started))]);
    id = await gateway.register({
      name: 'shop',
      url: `grpc://127.0.0.1:${port}`,
      transport: 'GRPC',
      headers: { 'X-API-Key': KEY },
    });
    const to = { url: await gateway.compose('shop', [id]), token: gateway.token };
    clients = { modern: await connectModern(scope, to), legacy: await connectLegacy(scope, to) };
    await clients.modern.listTools();
    await clients.legacy.listTools(); // so that they hold answers to the schemas
  }, 150_000);
  afterAll(() => scope.end());

  const order = (args: Record<string, unknown>) => ({ name: 'shop.v1.Shop.Order', arguments: args });

  it('has its methods as tools, and its credential for itself', async () => {
    const methods = ['Chat', 'Order', 'Total', 'Track'].map((name) => `shop.v1.Shop.${name}`);
    expect(namesOf(await clients.modern.listTools()).toSorted()).toEqual(methods);
    const { body } = await gateway.api('GET', `/gateways/${id}`);
    expect(body).toMatchObject({ transport: 'GRPC', reachable: true, status: { transport: 'grpc', lastError: null } });
    expect(JSON.stringify(body)).not.toContain(KEY);
  });

  it('is registered in the fields of ContextForge, called, and seen without its credential', async () => {
    const service = { name: 'till', target: `127.0.0.1:${port}`, reflection_enabled: true, tls_enabled: false };
    const made = await gateway.api('POST', '/admin/grpc', { ...service, grpc_metadata: { 'x-api-key': KEY } });
    expect(made).toMatchObject({
      status: 201,
      body: { reachable: true, grpcMetadata: { 'x-api-key': '*****' }, methodCount: 4 },
    });
    const { body } = await gateway.api('POST', '/tools/invoke/till-shop.v1.Shop.Order', { item: 'tea' });
    expect(body).toMatchObject({ structuredContent: { id: 'order-tea' } });
    expect((await gateway.api('POST', '/admin/grpc/till/delete')).status).toBe(200);
  });

  it.each(['modern', 'legacy'] as const)('answers a %s client by the schema that it was told', async (era) => {
    const request = {
      item: 'tea',
      size: 'LARGE',
      cents: '9007199254740993',
      pickup: true,
      extras: { milk: 2 },
      wantedAt: '2026-01-31T12:00:00Z',
    };
    const { structuredContent } = await clients[era].callTool(order(request));
    const answer = { id: 'order-tea', cents: request.cents, wait: '90s', order: request, notes: [] };
    expect(structuredContent).toEqual(answer);
  });

  it.each(['modern', 'legacy'] as const)('tells a %s client of each message of a stream', async (era) => {
    const messages: unknown[] = [];
    const onprogress = ({ message }: { message?: string | undefined }) => messages.push(JSON.parse(message ?? ''));
    const call = { name: 'shop.v1.Shop.Track', arguments: { id: 'x', events: 3 } };
    const { structuredContent } = await (era === 'modern'
      ? clients.modern.callTool(call, { onprogress })
      : clients.legacy.callTool(call, undefined, { onprogress }));
    const events = [1, 2, 3].map((step) => ({ step, text: `x step ${step}` }));
    expect(messages).toEqual(events);
    expect(structuredContent).toEqual({ messages: events });
  });

  it('takes streams as lists', async () => {
    const orders = { messages: [{ cents: '1' }, { cents: '2' }] };
    const total = await clients.modern.callTool({ name: 'shop.v1.Shop.Total', arguments: orders });
    expect(total.structuredContent).toMatchObject({ id: 'total', cents: '3' });
    const chat = { name: 'shop.v1.Shop.Chat', arguments: { messages: [{ text: 'abc' }] } };
    expect((await clients.modern.callTool(chat)).structuredContent).toEqual({ messages: [{ text: 'cba' }] });
  });

  it('says what went wrong, and what to do', async () => {
    const result = await clients.modern.callTool(order({}));
    expect(result.isError).toBe(true);
    expect(textOf(result)).toBe(
      'INVALID_ARGUMENT: item is missing\nCorrect the arguments; as they are the call will fail again.',
    );
    expect(textOf(await clients.modern.callTool(order({ size: 'HUGE' })))).toContain('shop.v1.Size');
  });

  it('is found again after it was away, with the tools that it had', async () => {
    const tools = async () => (await gateway.api('GET', '/tools')).body as { id: string }[];
    const before = await tools();
    await server.stop();
    await expect(clients.modern.callTool(order({ item: 'tea' }))).rejects.toThrow(/cannot be reached|unreachable/);
    await startShop(port);
    const again = () => clients.modern.callTool(order({ item: 'tea' }));
    await vi.waitFor(async () => expect((await again()).isError).not.toBe(true), { timeout: 20_000, interval: 250 });
    expect((await tools()).map((tool) => tool.id)).toEqual(before.map((tool) => tool.id));
  }, 60_000);
});
