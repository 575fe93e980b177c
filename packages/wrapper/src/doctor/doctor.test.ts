/** @module `doctor` as people run it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startAuthority, withBrowser } from '../oauth/authority.fixture.ts';
import { TestUpstream } from '../upstream.fixture.ts';
import { BIN, folder } from '../wrapper.fixture.ts';

async function doctor(
  env: Readonly<Record<string, string>>,
  ...flags: string[]
): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [BIN, 'doctor', ...flags], {
    env: { HOME: folder(), PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

async function upstream(speech: 'modern' | 'legacy' = 'modern'): Promise<TestUpstream> {
  const server = await new TestUpstream(speech).start();
  onTestFinished(() => server.stop());
  return server;
}

describe('doctor', () => {
  it('finds that everything works, step by step', async () => {
    const { url } = await upstream('legacy');
    const { code, text } = await doctor({}, '--url', url.replace('127.0.0.1', 'localhost'));
    expect(text.match(/^\w+ +\S+/gm)).toEqual(
      expect.arrayContaining(['ok    Address', 'ok    DNS', 'ok    HTTP', 'ok    Clock']),
    );
    expect(text).toMatch(/^ok {4}Authentication +None is asked for\.$/m);
    expect(text).toMatch(/^ok {4}Era +legacy, 2025-06-18, over streamable-http\./m);
    expect(text).toMatch(/^ok {4}Tools +3: echo, slow, ask$/m);
    expect(code).toBe(0);
  });

  it('stops where the way ends, and says what to look at', async () => {
    const server = await upstream();
    await server.stop();
    const { code, text } = await doctor({}, '--url', server.url);
    expect(text).toMatch(/^FAIL {2}Connection +.*ECONNREFUSED.*Nobody listens there/m);
    expect(text).not.toContain('Era');
    expect(code).toBe(1);
  });

  it('sees that the clock is wrong', async () => {
    const server = await upstream();
    server.guard = (_, res) => {
      res.setHeader('date', new Date(Date.now() - 3_600_000).toUTCString());
      return false;
    };
    expect((await doctor({}, '--url', server.url)).text).toMatch(
      /^hint {2}Clock +This machine is 360\d s ahead of the server\./m,
    );
  });

  it('sees a refused credential, and a login that is wanted', async () => {
    const server = await upstream();
    const { origin } = await startAuthority(server);
    const refused = await doctor({}, '--url', server.url, '--auth', 'Bearer wrong');
    expect(refused.text).toMatch(/^FAIL {2}Authentication +The credential is refused \(HTTP 401\)\.$/m);
    expect(refused.text).not.toContain('wrong\n');
    expect(refused.code).toBe(1);
    const wanted = await doctor(withBrowser().env, '--url', server.url);
    expect(wanted.text).toContain(`A login at ${origin} is asked for (browser, device code, registers clients).`);
    expect(wanted.text).toMatch(/^ok {4}Tools/m);
    expect(wanted.code).toBe(0);
  });
});
