/** @module A client written in Python with the official SDK of that language. */
import { fileURLToPath } from 'node:url';
import { output } from '../harness/process.ts';
import { pythonArgs } from '../harness/uv.ts';

/** What the script prints. */
export interface PythonReport {
  readonly protocolVersion: string;
  readonly tools: readonly string[];
  /** The texts that the calls answered. */
  readonly answers: readonly string[];
}

const SCRIPT = fileURLToPath(new URL('client.py', import.meta.url));

/**
 * Lists the tools, and calls some.
 *
 * @param era `auto` negotiates, `legacy` initializes a session
 */
export async function runPythonClient(
  url: string,
  token: string,
  era: 'auto' | 'legacy',
  calls: readonly { readonly name: string; readonly arguments: unknown }[],
): Promise<PythonReport> {
  const args = pythonArgs(2, SCRIPT, url, era, JSON.stringify(calls));
  const printed = await output({ command: 'uv', args, env: { TOKEN: token }, timeoutMs: 120_000 });
  return JSON.parse(printed) as PythonReport;
}
