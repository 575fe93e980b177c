import { type ConnectServer, inProcessAdapter, type InProcessTransport } from '@forge/core';
import { McpServer as ServerV1 } from '@modelcontextprotocol/sdk/server/mcp.js';
import { McpServer as ServerV2 } from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import { z } from 'zod';
import { describeUpstream, type UpstreamFixture } from './describe-upstream.ts';
import { upstreamRecord } from './records.ts';
import { createSuiteServer, type SuiteMessage } from './upstream/suite-server.ts';

/** A server for one connection, and how many of its calls hang. */
type MakeServer = (hangs: Hangs) => ConnectServer;

/** Counts the calls of `hang` that were not cancelled. */
interface Hangs {
  count: number;
}

function fixtureOf(make: MakeServer): UpstreamFixture {
  const hangs: Hangs = { count: 0 };
  const connect = make(hangs);
  const open = new Set<InProcessTransport>();
  let stopped = false;
  const suite: ConnectServer = async (transport) => {
    if (stopped) throw new Error('it is stopped');
    await connect(transport);
    open.add(transport);
    const { onclose } = transport;
    Object.assign(transport, {
      onclose() {
        open.delete(transport);
        onclose?.();
      },
    });
  };
  const stop = async (): Promise<void> => {
    stopped = true;
    await Promise.all([...open].map((transport) => transport.close()));
  };
  return {
    create: ({ events, requestTimeoutMs, maxResponseBytes }) =>
      inProcessAdapter({ servers: { suite }, requestTimeoutMs, maxMessageLength: maxResponseBytes }).create(
        upstreamRecord({ name: 'suite', transport: 'in-process', url: undefined }),
        events,
      ),
    stop,
    async start() {
      stopped = false;
    },
    close: stop,
    hanging: () => hangs.count,
    connections: () => open.size,
  };
}

function byHand(era: 'modern' | 'legacy'): MakeServer {
  return (hangs) => {
    const suite = createSuiteServer(era);
    return (transport) => {
      const onmessage = (message: SuiteMessage): void => {
        suite.receive(message, (answer) => void transport.send({ jsonrpc: '2.0', ...answer }).catch(ignore));
        hangs.count = suite.hanging;
      };
      return Object.assign(transport, { onmessage }).start();
    };
  };
}

/** What is too large is answered by an error instead; the caller sees it. */
function ignore(): void {}

const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });
const FAILED = { ...said('it failed'), isError: true };
const TEXT = z.object({ text: z.string() });
const SIZE = z.object({ size: z.number() });
const COUNT = z.object({ count: z.number() });

function hang(signal: AbortSignal, hangs: Hangs): Promise<never> {
  hangs.count += 1;
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => {
      hangs.count -= 1;
      reject(new Error('aborted'));
    });
  });
}

/** The undivided SDK, as its users connect it. */
const v1: MakeServer = (hangs) => (transport) => {
  const server = new ServerV1({ name: 'suite', version: '1' });
  server.registerTool('echo', { inputSchema: TEXT.shape }, ({ text }) => said(text));
  server.registerTool('fail', {}, () => FAILED);
  server.registerTool('hang', {}, ({ signal }) => hang(signal, hangs));
  server.registerTool('large', { inputSchema: SIZE.shape }, ({ size }) => said('x'.repeat(size)));
  server.registerTool('steps', { inputSchema: COUNT.shape }, async ({ count }, { _meta, sendNotification }) => {
    const progressToken = _meta?.progressToken ?? '';
    for (let progress = 1; progress <= count; progress += 1) {
      await sendNotification({ method: 'notifications/progress', params: { progressToken, progress, total: count } });
    }
    return said('done');
  });
  return server.connect(transport);
};

function makeV2(hangs: Hangs): ServerV2 {
  const server = new ServerV2({ name: 'suite', version: '1' });
  server.registerTool('echo', { inputSchema: TEXT }, ({ text }) => said(text));
  server.registerTool('fail', {}, () => FAILED);
  server.registerTool('hang', {}, ({ mcpReq }) => hang(mcpReq.signal, hangs));
  server.registerTool('large', { inputSchema: SIZE }, ({ size }) => said('x'.repeat(size)));
  server.registerTool('steps', { inputSchema: COUNT }, async ({ count }, { mcpReq }) => {
    const progressToken = mcpReq._meta?.progressToken ?? '';
    for (let progress = 1; progress <= count; progress += 1) {
      await mcpReq.notify({ method: 'notifications/progress', params: { progressToken, progress, total: count } });
    }
    return said('done');
  });
  return server;
}

/** The current SDK, which takes a transport of any kind for the modern era. */
const v2Modern: MakeServer = (hangs) => (transport) =>
  void serveStdio(() => makeV2(hangs), { transport, legacy: 'reject' });

/** The same, connected in the older way. */
const v2Legacy: MakeServer = (hangs) => (transport) => makeV2(hangs).connect(transport);

describeUpstream('MCP in this process, modern', async () => fixtureOf(byHand('modern')));
describeUpstream('MCP in this process, legacy', async () => fixtureOf(byHand('legacy')));
describeUpstream('MCP in this process, SDK v1', async () => fixtureOf(v1));
describeUpstream('MCP in this process, SDK v2, modern', async () => fixtureOf(v2Modern));
describeUpstream('MCP in this process, SDK v2, legacy', async () => fixtureOf(v2Legacy));
