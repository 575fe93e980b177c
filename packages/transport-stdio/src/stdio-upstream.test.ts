import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Exchange, type ExchangeRequest, JsonText, type Upstream, type UpstreamEvents } from '@forge/protocol';
import { afterAll, afterEach, expect, it } from 'vitest';
import { runs } from './child.fixture.ts';
import { stdioUpstream, type StdioUpstreamOptions } from './stdio-upstream.ts';

const folder = mkdtempSync(join(tmpdir(), 'stdio-upstream-'));
const opened: Upstream[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((upstream) => upstream.close()));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A server whose `answer(message, reply)` is given; it notes its pid in a file at every start. */
function upstream(answer: string, options: Partial<StdioUpstreamOptions> = {}) {
  const file = join(folder, `server-${Math.random().toString(36).slice(2)}.cjs`);
  writeFileSync(
    file,
    `require('node:fs').appendFileSync(${JSON.stringify(`${file}.pids`)}, process.pid + '\\n');
     const initialized = {
       protocolVersion: '2025-11-25', capabilities: { tools: {} }, serverInfo: { name: 'child', version: '1' } };
     const discovered = {
       supportedVersions: ['2026-07-28'], capabilities: { tools: {} }, ttlMs: 0, cacheScope: 'private' };
     require('node:readline').createInterface({ input: process.stdin }).on('line', (line) => {
       const message = JSON.parse(line);
       const reply = (result) => console.log(JSON.stringify({ jsonrpc: '2.0', id: message.id, result }));
       if (message.id !== undefined) (${answer})(message, reply);
     });`,
  );
  let lost: (error: Error) => void = () => {};
  const loss = new Promise<Error>((resolve) => (lost = resolve));
  const events: UpstreamEvents = {
    listChanged() {},
    resourceUpdated() {},
    sessionNote() {},
    sessionAsk: () => Promise.resolve({ error: { code: -32600, message: 'nobody to ask' } }),
    lost: (error) => lost(error),
  };
  const made = stdioUpstream({
    command: process.execPath,
    args: [file],
    events,
    clientInfo: JsonText.of({ name: 'test', version: '0' }),
    ...options,
  });
  opened.push(made);
  const pids = (): number[] => readFileSync(`${file}.pids`, 'utf8').trim().split('\n').map(Number);
  return { upstream: made, pids, loss };
}

const request: ExchangeRequest = {
  method: 'tools/call',
  params: JsonText.of({ name: 'x' }),
  client: { era: 'modern', protocolVersion: '2026-07-28', caller: { id: 'a' }, capabilities: JsonText.of({}) },
};
const exchange: Exchange = {
  note() {},
  ask: () => Promise.resolve({ error: { code: -32600, message: 'no' } }),
  cancelled: false,
  onCancel() {},
};

const LEGACY = `(message, reply) => message.method === 'initialize' ? reply(initialized) : reply({ pid: process.pid })`;

it('finds a modern server and calls it', async () => {
  const { upstream: modern } = upstream(
    `(message, reply) => message.method === 'server/discover' ? reply(discovered) : reply({ resultType: 'complete' })`,
  );
  expect(await modern.connect()).toMatchObject({ era: 'modern', transport: 'stdio' });
  expect((await modern.call(request, exchange)).result?.value).toEqual({ resultType: 'complete' });
});

it('gives a legacy server that exits over the probe a fresh child', async () => {
  const { upstream: legacy, pids } = upstream(
    `(message, reply) => message.method === 'server/discover' ? process.exit(1) : (${LEGACY})(message, reply)`,
  );
  expect(await legacy.connect()).toMatchObject({ era: 'legacy', protocolVersion: '2025-11-25' });
  expect(pids()).toHaveLength(2);
  expect((await legacy.call(request, exchange)).result?.value).toEqual({ pid: pids()[1] });
});

it('takes a server that is silent over the probe for a legacy one, without a second child', async () => {
  const { upstream: legacy, pids } = upstream(
    `(message, reply) => message.method !== 'server/discover' && (${LEGACY})(message, reply)`,
    { probeTimeoutMs: 50 },
  );
  expect(await legacy.connect()).toMatchObject({ era: 'legacy' });
  expect(pids()).toHaveLength(1);
});

it('does not misjudge a modern server that takes long to start', async () => {
  const { upstream: modern } = upstream(
    `(message, reply) => setTimeout(() => message.method === 'server/discover' ? reply(discovered)
      : console.log(JSON.stringify({ jsonrpc: '2.0', id: message.id, error: { code: -32601, message: 'unknown' } })), 300)`,
    { probeTimeoutMs: 50 },
  );
  expect(await modern.connect()).toMatchObject({ era: 'modern' });
});

it('says what a child that crashes during initialize died of', async () => {
  const { upstream: broken } = upstream(`() => { console.error('no API key'); process.exit(7); }`);
  await expect(broken.connect()).rejects.toMatchObject({
    message: expect.stringMatching(/exited with code 7[^]*no API key/) as string,
  });
});

it('ends calls in flight when the child dies, and launches it anew for the next', async () => {
  const {
    upstream: legacy,
    pids,
    loss,
  } = upstream(`(message, reply) => message.params.name === 'x' ? process.exit(3) : (${LEGACY})(message, reply)`, {
    era: 'legacy',
  });
  await legacy.connect();
  expect((await legacy.call(request, exchange)).error).toBeDefined();
  expect((await loss).message).toContain('exited with code 3');
  await legacy.connect();
  expect(pids()).toHaveLength(2);
  await legacy.close();
  for (const pid of pids()) expect(runs(pid)).toBe(false);
});
