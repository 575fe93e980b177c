/** @module A child that serves the tools of `describeUpstream`; a script, launched by `suiteStdioServer`. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createSuiteServer, type SuiteMessage } from './suite-server.ts';

const [era, folder = ''] = process.argv.slice(2);
if (existsSync(join(folder, 'stopped'))) process.exit(1);
const suite = createSuiteServer(era === 'modern' ? 'modern' : 'legacy');
const note = (): void => writeFileSync(join(folder, String(process.pid)), String(suite.hanging));

note();
createInterface({ input: process.stdin }).on('line', (line) => {
  suite.receive(JSON.parse(line) as SuiteMessage, (message) => {
    process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
  });
  note();
});
