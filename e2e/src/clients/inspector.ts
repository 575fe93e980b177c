/** @module The MCP Inspector's command line. */
import { INSPECTOR } from '../harness/paths.ts';
import { output } from '../harness/process.ts';
import type { Scope } from '../harness/scope.ts';

/** Runs `mcp-inspector --cli URL --transport http --method ...`; what it prints, parsed. */
export async function inspect(scope: Scope, url: string, token: string, args: readonly string[]): Promise<unknown> {
  const fixed = [INSPECTOR, '--cli', url, '--transport', 'http', '--header', `Authorization: Bearer ${token}`];
  // Its state goes to the home directory.
  return JSON.parse(
    await output({
      command: process.execPath,
      args: [...fixed, '--format', 'json', ...args],
      env: { HOME: scope.folder() },
    }),
  );
}
