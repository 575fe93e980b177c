/** @module `forge-translate` as a process of its own, servers of bad manners behind it, and a bare client in front. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const BIN = fileURLToPath(new URL('../bin/forge-translate.js', import.meta.url));

/** The Node that runs it: set it to try the oldest one that is supported. */
const NODE = process.env['FORGE_TEST_NODE'] ?? process.execPath;

/** A running command. */
export interface Launched {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly output: { readonly stdout: string; readonly stderr: string };
  readonly exit: Promise<{ code: number | null; stdout: string; stderr: string }>;
  /** Resolves with the first group of `pattern` on standard error. */
  saw(pattern: RegExp): Promise<string>;
  /** The URL of Streamable HTTP, once it is up; of the server of that name where there are several. */
  mcpUrl(name?: string): Promise<string>;
  sseUrl(): Promise<string>;
  wsUrl(): Promise<string>;
}

/** What was started and has to be ended. */
const launched: ChildProcess[] = [];

/** For `afterEach`. */
export function killLaunched(): void {
  for (const child of launched.splice(0)) child.kill('SIGKILL');
}

/** Starts the command. */
export function launch(args: readonly string[], env: NodeJS.ProcessEnv = process.env, prefix: string[] = []): Launched {
  const [file = NODE, ...rest] = [...prefix, NODE, BIN, ...args];
  const child = spawn(file, rest, { stdio: ['ignore', 'pipe', 'pipe'], env });
  launched.push(child);
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const exit = once(child, 'close').then(([code]) => ({ code: code as number | null, ...output }));
  const saw = async (pattern: RegExp): Promise<string> => {
    for (;;) {
      const found = pattern.exec(output.stderr);
      if (found !== null) return found[1] ?? found[0];
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`it ended: ${output.stderr}`);
      await Promise.race([once(child.stderr, 'data'), exit]);
    }
  };
  return {
    child,
    pid: child.pid ?? 0,
    output,
    exit,
    saw,
    mcpUrl: (name) => saw(name === undefined ? /^HTTP +(\S+)$/m : new RegExp(`^HTTP +(\\S+/${name}/mcp)$`, 'm')),
    sseUrl: () => saw(/^SSE +(\S+)$/m),
    wsUrl: () => saw(/^WS +(\S+)$/m),
  };
}

/** `node` arguments for a stdio server: `tools` is the inside of an object of functions, `setup` runs before. */
export function scripted(tools: string, setup = ''): string[] {
  return [
    '-e',
    `${setup}
    const tools = { ${tools} };
    const send = (message) => process.stdout.write(JSON.stringify({ jsonrpc: '2.0', ...message }) + '\\n');
    const answer = async ({ method, params }, id) => {
      if (method === 'initialize')
        return { protocolVersion: '2025-06-18', capabilities: { tools: {}, logging: {} }, serverInfo: { name: 'scripted', version: '1' } };
      if (method === 'tools/list') return { tools: Object.keys(tools).map((name) => ({ name, inputSchema: { type: 'object' } })) };
      if (method === 'tools/call') return { content: [{ type: 'text', text: String(await tools[params.name](params.arguments ?? {}, params._meta ?? {})) }] };
    };
    require('node:readline').createInterface({ input: process.stdin }).on('line', async (line) => {
      const message = JSON.parse(line);
      if (message.id === undefined || message.method === undefined) return;
      const result = await answer(message);
      send({ id: message.id, ...(result ? { result } : { error: { code: -32601, message: 'unknown' } }) });
    });`,
  ];
}

const DEAF = `for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => {}); setInterval(() => {}, 1000);`;

/** A server that ignores the end of its input and every signal, as does what it starts; `pids` tells both. */
export const STUBBORN = scripted(
  `pids: () => process.pid + ' ' + grandchild.pid`,
  `${DEAF}
  const ready = ${JSON.stringify(`${DEAF} process.stdout.write('ready')`)};
  const grandchild = require('node:child_process').spawn(process.execPath, ['-e', ready], { stdio: ['ignore', 'pipe', 'ignore'] });`,
);

/** The cheapest server there is; `tools/call` tells its pid. */
export const SHELL_SERVER = [
  '/bin/sh',
  '-c',
  `while read -r line; do
    id=\${line#*'"id":'}; id=\${id%%[,\\}]*}; result=
    case $line in
      *'"method":"initialize"'*) result='{"protocolVersion":"2025-06-18","capabilities":{"tools":{}},"serverInfo":{"name":"sh","version":"1"}}' ;;
      *'"method":"tools/list"'*) result='{"tools":[{"name":"pid","inputSchema":{"type":"object"}}]}' ;;
      *'"method":"tools/call"'*) result='{"content":[{"type":"text","text":"'$$'"}]}' ;;
    esac
    case $line in
      *'"id":'*) if [ -n "$result" ]; then printf '{"jsonrpc":"2.0","id":%s,"result":%s}\\n' "$id" "$result"
        else printf '{"jsonrpc":"2.0","id":%s,"error":{"code":-32601,"message":"unknown"}}\\n' "$id"; fi ;;
    esac
  done`,
];

/** Whether a process runs; a zombie does not. */
export function runs(pid: number): boolean {
  return statOf(pid)?.state.match(/[ZX]/) === null;
}

/** Processes that `pid` has started and that run, with what they have started. */
export function descendants(pid: number): number[] {
  const stats = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? (statOf(Number(name)) ?? []) : []));
  const below = (parent: number): number[] =>
    stats.filter((it) => it.parent === parent && !/[ZX]/.test(it.state)).flatMap((it) => [it.pid, ...below(it.pid)]);
  return below(pid);
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024;
}

/** Descriptors that a process has open. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

function statOf(pid: number): { pid: number; state: string; parent: number } | undefined {
  try {
    const [state = '', parent = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return { pid, state, parent: Number(parent) };
  } catch {
    return undefined; // it has gone meanwhile
  }
}

const JSON_HEADERS = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** A message of JSON-RPC. */
export interface Rpc {
  readonly id?: number;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: { readonly content?: readonly { readonly text: string }[] };
  readonly error?: { readonly code: number; readonly message: string };
}

/** A session of 2025-06-18, by bare requests. */
export interface Session {
  readonly id: string;
  readonly headers: Readonly<Record<string, string>>;
  post(message: Rpc): Promise<Response>;
  /** Every message of the answer to one call of a tool. */
  messages(name: string, args?: object, meta?: object): Promise<readonly Rpc[]>;
  /** The text that it answers, or its error. */
  call(name: string, args?: object): Promise<string>;
}

let lastId = 0;

/** Opens a session. */
export async function openSession(
  url: string,
  capabilities: object = {},
  headers: Readonly<Record<string, string>> = {},
): Promise<Session> {
  const clientInfo = { name: 'bare', version: '0' };
  const params = { protocolVersion: '2025-06-18', capabilities, clientInfo };
  const answer = await post(url, headers, { id: 0, method: 'initialize', params });
  if (!answer.ok) throw new Error(`initialize: ${answer.status} ${await answer.text()}`);
  await answer.text();
  const id = answer.headers.get('mcp-session-id') ?? '';
  const own = { ...headers, 'mcp-protocol-version': '2025-06-18', ...(id === '' ? {} : { 'mcp-session-id': id }) };
  const session: Session = {
    id,
    headers: own,
    post: (message) => post(url, own, message),
    async messages(name, args = {}, meta = {}) {
      const params = { name, arguments: args, _meta: meta };
      return readAll(await session.post({ id: ++lastId, method: 'tools/call', params }));
    },
    async call(name, args) {
      const last = (await session.messages(name, args)).at(-1);
      return last?.result?.content?.[0]?.text ?? `error: ${last?.error?.message}`;
    },
  };
  return session;
}

/** One POST of one message. */
export function post(url: string, headers: Readonly<Record<string, string>>, message: Rpc): Promise<Response> {
  const body = JSON.stringify({ jsonrpc: '2.0', ...message });
  return fetch(url, { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body });
}

async function readAll(response: Response): Promise<readonly Rpc[]> {
  const text = await response.text();
  if (response.headers.get('content-type') !== 'text/event-stream') return [JSON.parse(text) as Rpc];
  return [...text.matchAll(/^data: (.*)$/gm)].map(([, data = '']) => JSON.parse(data) as Rpc);
}
