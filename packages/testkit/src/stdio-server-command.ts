/** @module How to launch the stdio servers that tests call. */
import { fileURLToPath } from 'node:url';

const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
const pathOf = (script: string) => fileURLToPath(new URL(`${script}.${extension}`, import.meta.url));

/**
 * A legacy server named `fixture` with the tools `echo` (`text`), `sleep` (`ms`; writes `sleeping` to stderr), `crash` (code
 * 3, last words `the disk is on fire`), `env` (`name`) and `pid`.
 */
export const STDIO_SERVER = {
  command: process.execPath,
  args: [pathOf('stdio-server')],
} as const;

/**
 * A server with the tools of `describeUpstream`. While `folder` has a file `stopped` it exits at once; otherwise it keeps
 * the number of its hanging calls in a file that is named by its pid.
 */
export function suiteStdioServer(era: 'modern' | 'legacy', folder: string): { command: string; args: string[] } {
  return { command: process.execPath, args: [pathOf('upstream/suite-stdio-server'), era, folder] };
}
