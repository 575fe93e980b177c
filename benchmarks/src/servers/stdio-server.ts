/**
 * @module The child of every bridge: answers on stdout with prebuilt results, as the raw responder does over HTTP.
 * `node stdio-server.js modern|legacy`
 */
import type { Era } from '../cells.ts';
import { readLines } from '../lines.ts';
import { answerTo, toolResults } from './fixture.ts';

interface Message {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: { readonly name?: string };
}

const era: Era = process.argv[2] === 'legacy' ? 'legacy' : 'modern';
const results = toolResults(era);

readLines(process.stdin, (line) => {
  const { id, method, params } = JSON.parse(line.toString()) as Message;
  if (id === undefined) return;
  const result = method === 'tools/call' ? results.get(params?.name ?? '') : answerTo(era, method, '/mcp');
  const rest = result === undefined ? '"error":{"code":-32601,"message":"Method not found"}' : `"result":${result}`;
  process.stdout.write(`{"jsonrpc":"2.0","id":${JSON.stringify(id)},${rest}}\n`);
});
// Whoever started it may have been killed: it must not be left over.
process.stdin.once('end', () => process.exit());
process.stdout.on('error', () => process.exit());
