/** @module The matrix's server, made with the current SDK (v2), as a script; it serves both eras at one URL. */
import { randomUUID } from 'node:crypto';
import { json } from 'node:stream/consumers';
import { NodeStreamableHTTPServerTransport, toNodeHandler, toWebRequest } from '@modelcontextprotocol/node';
import {
  acceptedContent,
  createMcpHandler,
  inputRequired,
  isLegacyRequest,
  McpServer,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import { cancelled, form, NOTE, PROMPT, TOOLS, untilCancelled } from './common.ts';
import { listening } from './listening.ts';

type Args = Readonly<Record<string, unknown>>;
type Returned = string | ReturnType<typeof inputRequired>;

const tools: string[] = [...TOOLS];
/** The legacy sessions, and what each has subscribed to. */
const sessions = new Map<McpServer, Set<string>>();
const transports = new Map<string, NodeStreamableHTTPServerTransport>();

const RUN: Readonly<Record<string, (args: Args, ctx: ServerContext['mcpReq']) => Returned | Promise<Returned>>> = {
  echo: ({ text }) => `Echo: ${String(text)}`,
  async slow_progress(_, { _meta, notify }) {
    for (const progress of [1, 2, 3]) {
      const params = { progressToken: _meta?.progressToken, progress, total: 3 };
      await notify({ method: 'notifications/progress', params });
    }
    return 'done';
  },
  ask_twice(_, { inputResponses, requestState }) {
    const first = requestState<string>();
    const said = acceptedContent<{ value: string }>(inputResponses, 'name')?.value;
    if (said === undefined)
      return inputRequired({ inputRequests: { name: inputRequired.elicit(form('First name?')) } });
    if (first !== undefined) return `${first} ${said}`;
    return inputRequired({ inputRequests: { name: inputRequired.elicit(form('Last name?')) }, requestState: said });
  },
  sample(_, { inputResponses }) {
    const said = inputResponses?.['model'] as { content: { text: string } } | undefined;
    return said?.content.text ?? inputRequired({ inputRequests: { model: inputRequired.createMessage(PROMPT) } });
  },
  roots(_, { inputResponses }) {
    const said = inputResponses?.['roots'] as { roots: { uri: string }[] } | undefined;
    if (said === undefined) return inputRequired({ inputRequests: { roots: inputRequired.listRoots() } });
    return said.roots.map(({ uri }) => uri).join();
  },
  async hang({ key }, { _meta, signal, notify }) {
    await notify({ method: 'notifications/progress', params: { progressToken: _meta?.progressToken, progress: 1 } });
    await untilCancelled(signal, String(key));
    return 'never read';
  },
  cancelled_calls: () => JSON.stringify(cancelled),
  async touch() {
    modern.notify.resourceUpdated(NOTE);
    for (const [{ server }, uris] of sessions) if (uris.has(NOTE)) await server.sendResourceUpdated({ uri: NOTE });
    return 'touched';
  },
  add_tool({ name }) {
    tools.push(String(name));
    modern.notify.toolsChanged();
    for (const session of sessions.keys()) offer(session, String(name));
    return 'added';
  },
};

/** A session that has begun tells its client. */
function offer(mcp: McpServer, name: string): void {
  mcp.registerTool(name, { inputSchema: z.looseObject({}) }, async (args, { mcpReq }) => {
    const run = RUN[name];
    if (run === undefined) throw new Error(`${name} does nothing`);
    const said = await run(args, mcpReq);
    return typeof said === 'string' ? { content: [{ type: 'text', text: said }] } : said;
  });
}

function create(): McpServer {
  const mcp = new McpServer(
    { name: 'matrix-v2', version: '1.0.0' },
    { capabilities: { tools: { listChanged: true }, resources: { subscribe: true } } },
  );
  for (const name of tools) offer(mcp, name);
  mcp.registerResource('note', NOTE, {}, () => ({ contents: [{ uri: NOTE, text: 'A note' }] }));
  return mcp;
}

async function openSession(): Promise<NodeStreamableHTTPServerTransport> {
  const mcp = create();
  const uris = new Set<string>();
  mcp.server.setRequestHandler('resources/subscribe', ({ params }) => {
    uris.add(params.uri);
    return {};
  });
  mcp.server.setRequestHandler('resources/unsubscribe', ({ params }) => {
    uris.delete(params.uri);
    return {};
  });
  const transport = new NodeStreamableHTTPServerTransport({
    sessionIdGenerator: randomUUID,
    onsessioninitialized: (id) => void transports.set(id, transport),
    onsessionclosed: (id) => void transports.delete(id),
  });
  sessions.set(mcp, uris);
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- the SDK's server is no EventTarget
  mcp.server.onclose = () => void sessions.delete(mcp);
  await mcp.connect(transport);
  return transport;
}

const modern = createMcpHandler(create, { legacy: 'reject' });
const serveModern = toNodeHandler(modern);
await listening(async (req, res) => {
  const body = req.method === 'POST' ? await json(req) : undefined;
  if (!(await isLegacyRequest(await toWebRequest(req, body)))) return serveModern(req, res, body);
  const id = req.headers['mcp-session-id'];
  const transport = id === undefined ? await openSession() : transports.get(String(id));
  if (transport === undefined) res.writeHead(404).end();
  else await transport.handleRequest(req, res, body);
}, '/mcp');
