/** @module The gateway under test, as it comes, with the probe in it and two upstreams behind it. */
import { once } from 'node:events';
import type { Era } from '../cells.ts';
import type { Call } from '../load/job.ts';
import { type Gateway, startGateway } from '../run/gateway.ts';
import { ownScript, startServer } from '../run/processes.ts';
import { toolName } from '../servers/fixture.ts';
import type { Reading } from './probe.ts';

const UPSTREAM_TOOLS = 2;

/** What a case soaks. */
export interface Subject extends Gateway {
  /** What the gateway holds at the moment. */
  read(): Promise<Reading>;
  /** A call that its upstream answers at once, or never. */
  call(tool: 'echo' | 'wait'): Call;
  /** Makes the virtual server of the first of its upstreams, or of both: each time its list of tools changes. */
  compose(upstreams: 1 | 2): Promise<void>;
  /** Calls of `wait` at the upstreams. */
  waits(): Promise<{ readonly waiting: number; readonly cancelled: number }>;
  /** Legacy sessions in memory and clients that listen, as the gateway has it. */
  counts(): Promise<{ readonly sessions: number; readonly listeners: number }>;
  stop(): Promise<void>;
}

/** Starts it. `settings` are those of the gateway. */
export async function startSubject(era: Era, settings: Readonly<Record<string, string>> = {}): Promise<Subject> {
  const script = ownScript('soak/upstream.js');
  const upstream = await startServer({ name: 'The upstream', script, args: [era], core: undefined });
  const gateway = await startGateway({
    era,
    policy: true,
    upstreams: { one: `${upstream.origin}/a/mcp`, two: `${upstream.origin}/b/mcp` },
    tools: 2 * UPSTREAM_TOOLS,
    core: undefined,
    settings,
    hook: ownScript('soak/probe.js'),
  });
  const { server, endpoint, pages } = gateway;
  const names = pages.flatMap((page) => page.names);
  const api = async (method: string, path: string, body?: object): Promise<unknown> => {
    const response = await fetch(server.origin + path, {
      method,
      headers: { ...endpoint.headers, 'Content-Type': 'application/json' },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
    return response.json();
  };
  const registered = (await api('GET', '/gateways')) as readonly { readonly id: string }[];

  return {
    ...gateway,
    async read() {
      const answer = once(server.process, 'message') as Promise<[Reading]>;
      server.process.send('read');
      return (await answer)[0];
    },
    call(tool) {
      const wanted = tool === 'echo' ? toolName('1k') : tool;
      const name = names.find((listed) => listed.endsWith(wanted));
      if (name === undefined) throw new Error(`The gateway does not list ${wanted}`);
      return { method: 'tools/call', params: { name, arguments: {} } };
    },
    async compose(upstreams) {
      const associatedGateways = registered.slice(0, upstreams).map(({ id }) => id);
      await api('PUT', new URL(endpoint.url).pathname.replace(/\/mcp$/, ''), {
        associatedGateways,
        naming: 'prefixed',
      });
    },
    async waits() {
      return (await (await fetch(upstream.origin)).json()) as { waiting: number; cancelled: number };
    },
    async counts() {
      return (await api('GET', '/version')) as { sessions: number; listeners: number };
    },
    async stop() {
      await server.stop();
      await upstream.stop();
    },
  };
}
