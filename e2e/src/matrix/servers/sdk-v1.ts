/** @module The matrix's server, made with the undivided SDK (v1), as a script: `http`, `sse` or `stdio`. */
import { randomUUID } from 'node:crypto';
import { json } from 'node:stream/consumers';
import { Server } from '@modelcontextprotocol/sdk/server/index.js';
import { SSEServerTransport } from '@modelcontextprotocol/sdk/server/sse.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import {
  CallToolRequestSchema,
  CreateMessageResultSchema,
  ElicitResultSchema,
  ListResourcesRequestSchema,
  ListRootsResultSchema,
  ListToolsRequestSchema,
  ReadResourceRequestSchema,
  type ServerNotification,
  type ServerRequest,
  SubscribeRequestSchema,
  UnsubscribeRequestSchema,
} from '@modelcontextprotocol/sdk/types.js';
import { cancelled, form, NOTE, PROMPT, TOOLS, untilCancelled } from './common.ts';
import { type Listener, listening } from './listening.ts';

type Args = Readonly<Record<string, unknown>>;
type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>;

/** The sessions, and what each has subscribed to. */
const sessions = new Map<Server, Set<string>>();
const tools: string[] = [...TOOLS];

const RUN: Readonly<Record<string, (args: Args, extra: Extra) => string | Promise<string>>> = {
  echo: ({ text }) => `Echo: ${String(text)}`,
  async slow_progress(_, { _meta, sendNotification }) {
    for (const progress of [1, 2, 3]) {
      const params = { progressToken: _meta?.progressToken ?? '', progress, total: 3 };
      await sendNotification({ method: 'notifications/progress', params });
    }
    return 'done';
  },
  async ask_twice(_, { sendRequest }) {
    const ask = async (message: string) => {
      const answer = await sendRequest({ method: 'elicitation/create', params: form(message) }, ElicitResultSchema);
      return String(answer.content?.['value']);
    };
    return `${await ask('First name?')} ${await ask('Last name?')}`;
  },
  async sample(_, { sendRequest }) {
    const { content } = await sendRequest(
      { method: 'sampling/createMessage', params: PROMPT },
      CreateMessageResultSchema,
    );
    return content.type === 'text' ? content.text : content.type;
  },
  async roots(_, { sendRequest }) {
    const { roots } = await sendRequest({ method: 'roots/list' }, ListRootsResultSchema);
    return roots.map(({ uri }) => uri).join();
  },
  async hang({ key }, { _meta, signal, sendNotification }) {
    const params = { progressToken: _meta?.progressToken ?? '', progress: 1 };
    await sendNotification({ method: 'notifications/progress', params });
    await untilCancelled(signal, String(key));
    return 'never read';
  },
  cancelled_calls: () => JSON.stringify(cancelled),
  async touch() {
    for (const [session, uris] of sessions) if (uris.has(NOTE)) await session.sendResourceUpdated({ uri: NOTE });
    return 'touched';
  },
  async add_tool({ name }) {
    tools.push(String(name));
    for (const session of sessions.keys()) await session.sendToolListChanged();
    return 'added';
  },
};

async function serve(transport: Transport): Promise<void> {
  const server = new Server(
    { name: 'matrix-v1', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true }, resources: { subscribe: true } } },
  );
  const uris = new Set<string>();
  server.setRequestHandler(ListToolsRequestSchema, () => ({
    tools: tools.map((name) => ({ name, inputSchema: { type: 'object' as const } })),
  }));
  server.setRequestHandler(CallToolRequestSchema, async ({ params }, extra) => {
    const run = RUN[params.name];
    if (run === undefined) throw new Error(`Unknown tool ${params.name}`);
    return { content: [{ type: 'text', text: await run(params.arguments ?? {}, extra) }] };
  });
  server.setRequestHandler(ListResourcesRequestSchema, () => ({ resources: [{ uri: NOTE, name: 'note' }] }));
  server.setRequestHandler(ReadResourceRequestSchema, ({ params }) => ({
    contents: [{ uri: params.uri, text: 'A note' }],
  }));
  server.setRequestHandler(SubscribeRequestSchema, ({ params }) => {
    uris.add(params.uri);
    return {};
  });
  server.setRequestHandler(UnsubscribeRequestSchema, ({ params }) => {
    uris.delete(params.uri);
    return {};
  });
  sessions.set(server, uris);
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's server is no EventTarget
  server.onclose = () => void sessions.delete(server);
  await server.connect(transport);
}

function overHttp(): Listener {
  const open = new Map<string, StreamableHTTPServerTransport>();
  return async (req, res) => {
    const body = req.method === 'POST' ? await json(req) : undefined;
    const id = req.headers['mcp-session-id'];
    let transport = open.get(String(id));
    if (transport === undefined && id === undefined) {
      const fresh = new StreamableHTTPServerTransport({
        sessionIdGenerator: randomUUID,
        onsessioninitialized: (opened) => void open.set(opened, fresh),
        onsessionclosed: (ended) => void open.delete(ended),
      });
      await serve(fresh);
      transport = fresh;
    }
    if (transport === undefined) res.writeHead(404).end();
    else await transport.handleRequest(req, res, body);
  };
}

function overSse(): Listener {
  const open = new Map<string, SSEServerTransport>();
  return async (req, res) => {
    if (req.method === 'GET') {
      const transport = new SSEServerTransport('/messages', res);
      open.set(transport.sessionId, transport);
      await serve(transport);
    } else {
      const id = new URL(req.url ?? '', 'http://localhost').searchParams.get('sessionId');
      const transport = open.get(id ?? '');
      if (transport === undefined) res.writeHead(404).end();
      else await transport.handlePostMessage(req, res);
    }
  };
}

const [, , how] = process.argv;
if (how === 'stdio') await serve(new StdioServerTransport());
else await listening(how === 'sse' ? overSse() : overHttp(), how === 'sse' ? '/sse' : '/mcp');
