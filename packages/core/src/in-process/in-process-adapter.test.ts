import { NOBODY, ownRequest } from '@forge/protocol';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Principal } from '../contracts/principal.ts';
import { createForge, type Forge } from '../create-forge.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import { createSealer } from '../registry/sealer.ts';
import { type ConnectServer, inProcessAdapter, type InProcessOptions } from './in-process-adapter.ts';
import type { InProcessTransport, RpcMessage } from './linked-ends.ts';

const ADMIN: Principal = { id: 'admin@example.com', admin: true };
const SECRET = 'a secret for tests';
const IN_PROCESS = { transport: 'in-process' } as const;

/** A modern server with one tool, which says which connection it is at. */
function clock(): { connect: ConnectServer; open: InProcessTransport[] } {
  const open: InProcessTransport[] = [];
  const connect: ConnectServer = (transport) => {
    const at = open.push(transport);
    const onmessage = ({ id, method = '' }: RpcMessage): void => {
      const result = RESULTS[method]?.(at);
      if (id !== undefined) void transport.send({ jsonrpc: '2.0', id, ...(result ? { result } : { error: UNKNOWN }) });
    };
    return Object.assign(transport, { onmessage }).start();
  };
  return { connect, open };
}

const UNKNOWN = { code: -32_601, message: 'unknown method' };
const RESULTS: Readonly<Record<string, (at: number) => object>> = {
  'server/discover': () => ({
    resultType: 'complete',
    supportedVersions: ['2026-07-28'],
    capabilities: { tools: {} },
    _meta: {},
  }),
  'tools/list': () => ({ resultType: 'complete', tools: [{ name: 'now', inputSchema: { type: 'object' } }] }),
  'tools/call': (at) => ({ resultType: 'complete', content: [{ type: 'text', text: `connection ${at}` }] }),
};

let forge: Forge;
afterEach(() => forge.close());

async function start(options: InProcessOptions, store = createMemoryStore()): Promise<Forge> {
  const health = { retryMs: 5, maxRetryMs: 20, unhealthyThreshold: 2 };
  const sealer = createSealer(SECRET);
  forge = await createForge({ store, sealer, adapters: [inProcessAdapter(options)], health });
  return forge;
}

async function call(id: string): Promise<string> {
  const outcome = await forge.pool.get(id)?.call(ownRequest('tools/call', { name: 'now' }), NOBODY);
  return outcome?.result?.text ?? outcome?.error?.message ?? '';
}

describe('a server in this process', () => {
  it('is registered by its name, and called', async () => {
    const { registry } = await start({ servers: { clock: clock().connect } });
    const { id, config } = await registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'clock' });
    expect(config).toBe('{"server":"clock"}');
    expect(registry.upstreams.status(id)).toMatchObject({ state: 'connected', era: 'modern', transport: 'in-process' });
    expect((await registry.tools.list(ADMIN, { limit: 10 })).items.map(({ name }) => name)).toEqual(['clock-now']);
    expect(await call(id)).toContain('connection 1');
  });

  it('is connected anew by its function when it has closed, and meanwhile nothing else is', async () => {
    const { connect, open } = clock();
    const { registry } = await start({ servers: { clock: connect } });
    const { id } = await registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'clock' });
    await open[0]?.close();
    await vi.waitFor(async () => expect(await call(id)).toContain('connection 2'));
    expect(open).toHaveLength(2);
  });

  it('stays the same one under another name, and can become another one', async () => {
    const [one, two] = [clock(), clock()];
    const { registry } = await start({ servers: { one: one.connect, two: two.connect } });
    const { id } = await registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'one' });
    await registry.upstreams.update(ADMIN, id, { name: 'renamed' });
    await vi.waitFor(async () => expect(await call(id)).toContain('connection 2'));
    expect(two.open).toHaveLength(0);
    await registry.upstreams.update(ADMIN, id, { config: '{"server":"two"}' });
    expect(await call(id)).toContain('connection 1');
    expect(two.open).toHaveLength(1);
  });

  it('may be added while Forge runs', async () => {
    const servers: Record<string, ConnectServer> = {};
    const { registry } = await start({ servers });
    await expect(registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'late' })).rejects.toThrow('config.server');
    servers['late'] = clock().connect;
    await registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'late' });
  });

  it('that is no longer there is an upstream that cannot be reached, and no neighbour suffers', async () => {
    const store = createMemoryStore();
    const servers: Record<string, ConnectServer> = { gone: clock().connect, here: clock().connect };
    const before = await start({ servers }, store);
    const gone = await before.registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'gone' });
    const here = await before.registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'here' });
    await before.close();
    delete servers['gone'];
    const { registry } = await start({ servers }, store);
    await vi.waitFor(() => expect(registry.upstreams.status(gone.id)).toMatchObject({ state: 'unreachable' }));
    expect(registry.upstreams.status(gone.id).error?.message).toBe('This process has no server "gone"');
    expect(await call(here.id)).toContain('connection 2');
  });
});

describe('what is no server of this process is refused', () => {
  it.each([
    [{ name: 'other' }, 'config.server: this process has no server "other"'],
    [{ name: 'constructor' }, 'config.server: this process has no server "constructor"'],
    [{ name: '__proto__' }, 'config.server: this process has no server "__proto__"'],
    [{ name: 'clock', config: '{"server":"other"}' }, 'config.server: this process has no server "other"'],
    [{ name: 'clock', config: '{"server":7}' }, 'config.server: must be the name of a server'],
    [{ name: 'clock', config: '{"server":"clock","path":"x"}' }, 'config.path: is not known here'],
    [{ name: 'clock', config: '{}' }, 'config.server: must be the name of a server'],
    [{ name: 'clock', secrets: { key: 'x' } }, 'secrets: does not go with a server in this process'],
    [{ name: 'clock', url: 'http://localhost/mcp' }, 'url: does not go with a server in this process'],
    [{ name: 'clock', command: 'sh' }, 'command: does not go with a server in this process'],
    [{ name: 'clock', env: { A: 'b' } }, 'env: does not go with a server in this process'],
    [{ name: 'clock', headers: [{ name: 'A', value: 'b' }] }, 'headers: does not go with a server in this process'],
  ])('%j', async (input, message) => {
    const { connect, open } = clock();
    const { registry } = await start({ servers: { clock: connect } });
    const creating = registry.upstreams.create(ADMIN, { ...IN_PROCESS, ...input });
    await expect(creating).rejects.toMatchObject({ code: 'validation_failed', message });
    expect(open).toHaveLength(0);
  });

  it('and nobody but an administrator registers one', async () => {
    const { registry } = await start({ servers: { clock: clock().connect } });
    const alice = { id: 'alice@example.com', admin: false };
    const creating = registry.upstreams.create(alice, { ...IN_PROCESS, name: 'clock' });
    await expect(creating).rejects.toMatchObject({ code: 'forbidden' });
  });
});

describe('a server that cannot be connected is told of', () => {
  const failing: Readonly<Record<string, [ConnectServer, string, RegExp]>> = {
    'throws at once': [
      () => {
        throw new Error('no clock here');
      },
      'upstream_unreachable',
      /no clock here/,
    ],
    rejects: [() => Promise.reject(new Error('no clock yet')), 'upstream_unreachable', /no clock yet/],
    'never ends connecting': [() => new Promise(() => {}), 'upstream_timeout', /not connected within 20 ms/],
    'closes at once': [(transport) => transport.close(), 'upstream_unreachable', /closed the connection/],
  };

  it.each(Object.entries(failing))('that %s', async (_, [connect, code, message]) => {
    let transport: InProcessTransport | undefined;
    let closed = 0;
    const servers: Record<string, ConnectServer> = {
      bad(given) {
        transport = given;
        return connect(Object.assign(given, { onclose: () => (closed += 1) }));
      },
    };
    const { registry } = await start({ servers, connectTimeoutMs: 20 });
    const creating = registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'bad' });
    await expect(creating).rejects.toMatchObject({ code, message: expect.stringMatching(message) as string });
    expect(closed).toBeGreaterThan(0);
    await expect(transport?.start()).rejects.toThrow('closed');
  });
});

it('an upstream leaves this process, and comes back', async () => {
  const { registry } = await start({ servers: { clock: clock().connect } });
  const url = 'http://127.0.0.1:9/mcp';
  const row = await registry.upstreams.create(ADMIN, { ...IN_PROCESS, name: 'clock', enabled: false });
  const moving = registry.upstreams.update(ADMIN, row.id, { transport: 'streamable-http', url });
  await expect(moving).rejects.toMatchObject({ code: 'not_implemented' }); // the way is open; the adapter is missing
  await registry.upstreams.update(ADMIN, row.id, { enabled: true });
  await vi.waitFor(async () => expect(await call(row.id)).toContain('connection'));
});
