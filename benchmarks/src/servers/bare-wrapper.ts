/**
 * @module The bar for `wrapper`: the least that puts an HTTP server on stdio. It parses a line for the headers that MCP
 * asks for, posts it by undici, parses the answer and writes it as a line. No checks, no streams, no reconnecting.
 * `node bare-wrapper.js modern|legacy URL`
 */
import { Pool } from 'undici';
import type { Era } from '../cells.ts';
import { readLines } from '../lines.ts';
import { mcpHeaders } from '../load/request.ts';

interface Message {
  readonly id?: unknown;
  readonly method: string;
  readonly params?: Readonly<Record<string, unknown>>;
}

const era: Era = process.argv[2] === 'legacy' ? 'legacy' : 'modern';
const { origin, pathname } = new URL(process.argv[3] ?? '');
const pool = new Pool(origin);
let session: string | undefined;

readLines(process.stdin, (line) => {
  forward(line.toString()).catch((error: unknown) => process.stderr.write(`${String(error)}\n`));
});
process.stdin.once('end', () => process.exit());

async function forward(text: string): Promise<void> {
  const { id, method, params = {} } = JSON.parse(text) as Message;
  const headers = mcpHeaders(era, { method, params });
  if (session !== undefined) headers['Mcp-Session-Id'] = session;
  const answer = await pool.request({ method: 'POST', path: pathname, headers, body: text });
  const given = answer.headers['mcp-session-id'];
  if (typeof given === 'string') session = given;
  const body = await answer.body.text();
  // Parsed and written anew, because a line break between two tokens would make two lines of it.
  if (id !== undefined) process.stdout.write(`${JSON.stringify(JSON.parse(body))}\n`);
}
