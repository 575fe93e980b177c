/** @module What the raw responder has to say: prebuilt results, of which only the id is missing. */
import { LATEST_LEGACY, LATEST_MODERN, META } from '@forge/protocol';
import { type Era, RESULT_BYTES, RESULT_SIZES, type ResultSize } from '../cells.ts';

const SERVER_INFO = { name: 'forge-benchmark-upstream', version: '1.0.0' };
const CAPABILITIES = { tools: {} };
/** Nothing here ever changes, so nobody should ask again while measuring. */
const CACHE_HINTS = { ttlMs: 3_600_000, cacheScope: 'public' };

/** Tools of one upstream in the `list` case, and how many such upstreams there are. */
export const TOOLS_PER_UPSTREAM = 100;
export const LIST_UPSTREAMS = 10;

/** The tool that answers with a result of a size. */
export function toolName(size: ResultSize): string {
  return `echo_${size}`;
}

/** JSON text of a `tools/call` result that is `bytes` long, in ASCII, with what text has to have escaped. */
export function toolResult(era: Era, bytes: number): string {
  const around = resultText(era, { content: [{ type: 'text', text: '' }] });
  const line = 'The "quick" brown fox jumps over the lazy dog, 0123456789 times.\n';
  const escaped = JSON.stringify(line).length - 2;
  const left = bytes - around.length;
  const text = line.repeat(Math.floor(left / escaped)) + 'x'.repeat(left % escaped);
  return resultText(era, { content: [{ type: 'text', text }] });
}

/** JSON texts of `tools/call` results by tool name. */
export function toolResults(era: Era): ReadonlyMap<string, string> {
  return new Map(RESULT_SIZES.map((size) => [toolName(size), toolResult(era, RESULT_BYTES[size])]));
}

/**
 * JSON text of the answer to anything but `tools/call`, or `undefined` when the method is unknown in this era.
 * `/many/N/mcp` lists the Nth hundred of generated tools, every other path the echo tools.
 */
export function answerTo(era: Era, method: string | undefined, path: string): string | undefined {
  if (method === 'tools/list') return resultText(era, { tools: toolsAt(path) }, CACHE_HINTS);
  if (era === 'modern') {
    if (method !== 'server/discover') return undefined;
    const discovered = { supportedVersions: [LATEST_MODERN], capabilities: CAPABILITIES };
    return resultText(era, discovered, { ...CACHE_HINTS, _meta: { [META.serverInfo]: SERVER_INFO } });
  }
  if (method === 'ping') return '{}';
  if (method !== 'initialize') return undefined;
  return resultText(era, { protocolVersion: LATEST_LEGACY, capabilities: CAPABILITIES, serverInfo: SERVER_INFO });
}

function resultText(era: Era, result: object, onlyModern: object = {}): string {
  return JSON.stringify(era === 'modern' ? { resultType: 'complete', ...result, ...onlyModern } : result);
}

function toolsAt(path: string): readonly object[] {
  const hundred = /^\/many\/(\d+)\//.exec(path)?.[1];
  if (hundred === undefined) return RESULT_SIZES.map((size) => tool(toolName(size)));
  const first = Number(hundred) * TOOLS_PER_UPSTREAM;
  return Array.from({ length: TOOLS_PER_UPSTREAM }, (_, index) => tool(`tool_${first + index}`));
}

/** What a list says of a tool. */
export function tool(name: string) {
  return {
    name,
    description: `The tool ${name}, which looks something up by a query and answers with what it found, in plain text.`,
    inputSchema: {
      type: 'object',
      properties: {
        query: { type: 'string', description: 'What to look for.' },
        limit: { type: 'integer', minimum: 1, maximum: 100, default: 10 },
      },
      required: ['query'],
    },
  };
}
