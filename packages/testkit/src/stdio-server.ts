/** @module A legacy stdio MCP server for tests, without a dependency; a script, launched by `STDIO_SERVER`. */
import { createInterface } from 'node:readline';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly name?: string; readonly arguments?: Record<string, unknown> };
}

const TOOLS: Readonly<Record<string, (args: Record<string, unknown>) => string | Promise<string>>> = {
  echo: ({ text }) => String(text),
  /** Announces itself on stderr, so that a test can wait for it to be in flight. */
  sleep: ({ ms }) => {
    process.stderr.write(`sleeping ${String(ms)}\n`);
    return new Promise((resolve) => setTimeout(() => resolve(`slept ${String(ms)}`), Number(ms)));
  },
  crash: () => {
    process.stderr.write('the disk is on fire\n');
    process.exit(3);
  },
  env: ({ name }) => process.env[String(name)] ?? 'unset',
  pid: () => String(process.pid),
};

async function answer({ method, params }: Message): Promise<object | undefined> {
  switch (method) {
    case 'initialize':
      return {
        protocolVersion: '2025-06-18',
        capabilities: { tools: {} },
        serverInfo: { name: 'fixture', version: '1.0.0' },
      };
    case 'ping':
      return {};
    case 'tools/list':
      return { tools: Object.keys(TOOLS).map((name) => ({ name, inputSchema: { type: 'object' } })) };
    case 'tools/call': {
      const text = await TOOLS[params?.name ?? '']?.(params?.arguments ?? {});
      return text === undefined ? undefined : { content: [{ type: 'text', text }] };
    }
    default:
      return undefined;
  }
}

async function serve(message: Message): Promise<void> {
  if (message.id === undefined) return;
  const result = await answer(message);
  const body = result === undefined ? { error: { code: -32601, message: 'Unknown' } } : { result };
  process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', id: message.id, ...body })}\n`);
}

createInterface({ input: process.stdin }).on('line', (line) => void serve(JSON.parse(line) as Message));
