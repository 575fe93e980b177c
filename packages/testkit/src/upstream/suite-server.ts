/** @module An MCP server of either era with the tools that `describeUpstream` calls, whatever carries its messages. */

/** A JSON-RPC message, read loosely. */
export interface SuiteMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: {
    readonly name?: string;
    readonly requestId?: number | string;
    readonly arguments?: { readonly text?: string; readonly count?: number; readonly size?: number };
    readonly _meta?: { readonly progressToken?: number | string };
  };
}

/** The server's end of one connection. */
export interface SuiteServer {
  /** Takes a message; `send` gets what there is to say, the answer last. */
  receive(message: SuiteMessage, send: (message: object) => void): void;
  /** The client has hung up on a call: the way of cancelling over HTTP in the modern era. */
  dropped(id: number | string | undefined): void;
  /** Calls of `hang` that were not cancelled. */
  readonly hanging: number;
}

const NAMES = ['echo', 'fail', 'hang', 'large', 'steps'];

/** A server; it keeps nothing but its hanging calls. */
export function createSuiteServer(era: 'modern' | 'legacy'): SuiteServer {
  const hanging = new Set<number | string>();
  return {
    get hanging() {
      return hanging.size;
    },
    dropped: (id) => void hanging.delete(id ?? ''),
    receive({ id, method, params }, send) {
      if (method === 'notifications/cancelled') hanging.delete(params?.requestId ?? '');
      if (id === undefined) return;
      const result = method === 'tools/call' ? callTool(params, send) : answer(era, method);
      if (result === 'hang') hanging.add(id);
      else if (result === undefined) send({ id, error: { code: -32_601, message: 'unknown method' } });
      else send({ id, result: era === 'modern' ? { resultType: 'complete', ...result } : result });
    },
  };

  function callTool(params: SuiteMessage['params'], send: (message: object) => void): object | 'hang' {
    const { text = '', count = 0, size = 0 } = params?.arguments ?? {};
    switch (params?.name) {
      case 'echo':
        return said(text);
      case 'large':
        return said('x'.repeat(size));
      case 'hang':
        return 'hang';
      case 'steps':
        for (let progress = 1; progress <= count; progress += 1) {
          const { progressToken } = params._meta ?? {};
          send({ method: 'notifications/progress', params: { progressToken, progress, total: count } });
        }
        return said('done');
      case 'fail':
        return { ...said('it failed'), isError: true };
      default:
        return { ...said('unknown tool'), isError: true };
    }
  }
}

function answer(era: 'modern' | 'legacy', method: string | undefined): object | undefined {
  const capabilities = { tools: {} };
  if (method === 'tools/list') {
    const tools = NAMES.map((name) => ({ name, inputSchema: { type: 'object' } }));
    return era === 'modern' ? { tools, ttlMs: 0, cacheScope: 'private' } : { tools };
  }
  if (era === 'legacy') {
    const serverInfo = { name: 'suite', version: '1' };
    return method === 'initialize' ? { protocolVersion: '2025-11-25', capabilities, serverInfo } : undefined;
  }
  if (method !== 'server/discover') return undefined;
  return { supportedVersions: ['2026-07-28'], capabilities, ttlMs: 0, cacheScope: 'private' };
}

function said(text: string): object {
  return { content: [{ type: 'text', text }] };
}
