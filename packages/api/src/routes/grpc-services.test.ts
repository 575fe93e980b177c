import { beforeEach, expect, it } from 'vitest';
import { setUp, type SetUp } from '../api.fixture.ts';

let api: SetUp;
beforeEach(() => {
  api = setUp();
  api.tools.set('shop:50051', ['shop.v1.Shop.Order', 'shop.v1.Shop.Watch', 'shop.v1.Stock.Count']);
});

/** As ContextForge's console sends it. */
const SHOP = {
  name: 'Shop',
  target: 'shop:50051',
  description: 'A shop',
  reflection_enabled: true,
  tls_enabled: false,
  tls_cert_path: null,
  tls_key_path: '',
  grpc_metadata: { 'x-api-key': 's3cret' },
  tags: ['a'],
  team_id: null,
  owner_email: null,
  visibility: 'public',
};

it.each(['/grpc', '/admin/grpc', '/v1/grpc'])(
  'takes the body of ContextForge at %s, and shows no secret',
  async (path) => {
    const { status, body, text } = await api.send('POST', path, { json: SHOP });
    expect([status, text.includes('s3cret')]).toEqual([201, false]);
    expect(body).toMatchObject({
      name: 'Shop',
      slug: 'shop',
      target: 'shop:50051',
      reflectionEnabled: true,
      tlsEnabled: false,
      grpcMetadata: { 'x-api-key': '*****' },
      reachable: true,
      serviceCount: 2,
      methodCount: 3,
      discoveredServices: { 'shop.v1.Shop': ['Order', 'Watch'], 'shop.v1.Stock': ['Count'] },
    });
    expect(api.connected.at(-1)).toMatchObject({
      transport: 'grpc',
      url: 'grpc://shop:50051',
      headers: [{ name: 'x-api-key', value: 's3cret' }],
    });
    expect((await api.send('POST', path, { json: SHOP })).status).toBe(409);
  },
);

it('changes one, and keeps what is left out or sent back masked', async () => {
  const { body } = await api.send('POST', '/grpc', { json: SHOP });
  api.tools.set('other:1', ['a.B.C']);
  const moved = await api.send('PUT', '/grpc/shop', {
    json: { target: 'other:1', grpc_metadata: { 'x-api-key': 'n' } },
  });
  expect(moved.body).toMatchObject({ id: body.id, target: 'other:1', methodCount: 1 });
  const described = await api.send('PUT', '/grpc/shop', { json: { ...moved.body, description: 'New' } });
  expect(described.body).toMatchObject({ description: 'New', tlsEnabled: false });
  const secured = await api.send('PUT', `/grpc/${body.id}`, { json: { tls_enabled: true } });
  expect(secured.body).toMatchObject({ description: 'New', target: 'other:1', tlsEnabled: true });
  expect((await api.send('PUT', '/grpc/shop', { json: { target: 'shop:50051' } })).body.tlsEnabled).toBe(true);
  expect((await api.registry.upstreams.get({ id: 'admin@example.com', admin: true }, body.id)).headers).toHaveLength(1);
  expect(api.connected.at(-1)).toMatchObject({ url: 'grpcs://shop:50051', headers: [{ value: 'n' }] });
});

it('lists services alone, with their methods, and switches and deletes them', async () => {
  await api.send('POST', '/grpc', { json: SHOP });
  api.tools.set('git', ['status']);
  await api.send('POST', '/gateways', { json: { name: 'git', url: 'http://git/mcp' } });
  const { body } = await api.send('GET', '/admin/grpc');
  expect(body.map(({ name }: { name: string }) => name)).toEqual(['Shop']);
  const { methods } = (await api.send('GET', '/grpc/shop/methods')).body;
  const [order] = methods;
  expect(order).toMatchObject({ service: 'shop.v1.Shop', method: 'Order', fullName: 'shop.v1.Shop.Order' });
  expect((await api.send('POST', '/grpc/shop/reflect')).body).toMatchObject({ methodCount: 3 });
  const off = await api.send('POST', '/admin/grpc/shop/state?activate=false');
  expect(off.body).toMatchObject({ status: 'success', service: { enabled: false } });
  expect((await api.send('GET', '/grpc/git')).status).toBe(404);
  expect((await api.send('POST', '/admin/grpc/shop/delete')).status).toBe(200);
  expect((await api.send('GET', '/grpc')).body).toEqual([]);
});

it.each<[object, string]>([
  [{ target: 'http://shop:50051' }, 'target: must be host:port, such as localhost:50051'],
  [{ target: 'shop' }, 'target: must be host:port, such as localhost:50051'],
  [{ target: undefined, targt: 'shop:1' }, 'targt: is not known here; did you mean "target"?'],
  [{ reflection_enabled: false }, 'reflectionEnabled: must be true'],
  [{ tls_cert_path: '/certs/a.pem' }, 'tls_cert_path: files of the gateway are not read'],
  [{ team_id: 'red' }, 'team_id: there are no teams here'],
])('%j is refused, and nothing is kept', async (more, message) => {
  const { status, body } = await api.send('POST', '/grpc', { json: { ...SHOP, ...more } });
  expect([status, body.detail]).toEqual([422, expect.stringContaining(message)]);
  expect(await api.store.upstreams.all()).toEqual([]);
});

it('is for administrators', async () => {
  expect((await api.send('POST', '/grpc', { json: SHOP, as: 'alice' })).status).toBe(403);
  expect((await api.send('GET', '/grpc', { as: 'alice' })).status).toBe(403);
});
