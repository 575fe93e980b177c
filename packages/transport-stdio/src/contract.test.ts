import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { JsonText } from '@forge/protocol';
import { describeUpstream, suiteStdioServer, type UpstreamFixture } from '@forge/testkit';
import { runs } from './child.fixture.ts';
import { stdioUpstream } from './stdio-upstream.ts';

async function startFixture(era: 'modern' | 'legacy'): Promise<UpstreamFixture> {
  const folder = await mkdtemp(join(tmpdir(), 'forge-stdio-'));
  const children = async () => (await readdir(folder)).map(Number).filter((pid) => pid > 0 && runs(pid));
  const stop = async (): Promise<void> => {
    await writeFile(join(folder, 'stopped'), '');
    for (const pid of await children()) process.kill(pid, 'SIGKILL');
  };
  return {
    create: (options) =>
      stdioUpstream({
        ...options,
        ...suiteStdioServer(era, folder),
        clientInfo: new JsonText('{"name":"suite","version":"0"}'),
      }),
    stop,
    start: () => rm(join(folder, 'stopped')),
    async hanging() {
      const counts = (await children()).map(async (pid) => Number(await readFile(join(folder, String(pid)), 'utf8')));
      return (await Promise.all(counts)).reduce((sum, count) => sum + count, 0);
    },
    connections: async () => (await children()).length,
    async close() {
      await stop();
      await rm(folder, { recursive: true });
    },
  };
}

// A line of stdout is bounded by the channel, for all callers alike; that has tests of its own.
describeUpstream('MCP over stdio, modern', () => startFixture('modern'), { bounded: false });
describeUpstream('MCP over stdio, legacy', () => startFixture('legacy'), { bounded: false });
