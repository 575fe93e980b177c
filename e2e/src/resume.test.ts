/** Legacy clients that lose their connections: the official SDK, behind a proxy that cuts them. */
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { type Fixture, type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { freePort, startTcpProxy, type TcpProxy } from './harness/net.ts';
import { createScope } from './harness/scope.ts';
import { until } from './harness/until.ts';

const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope, { env: { SSE_RETRY_TIMEOUT: '100' } });
});
afterAll(() => scope.end());

describe.each<FixtureEra>(['legacy', 'modern'])('a client of a %s upstream', (era) => {
  let upstream: Fixture;
  let proxy: TcpProxy;
  let url: string;
  let proceed: () => void;

  beforeAll(async () => {
    upstream = await startFixture(scope, era);
    url = await gateway.compose(era, [await gateway.register({ name: era, url: upstream.url })]);
    proxy = await startTcpProxy(scope, url);
  });

  function closeGate(): void {
    upstream.gate = new Promise((resolve) => (proceed = () => resolve(undefined)));
  }

  const calls = (): number =>
    upstream.received.filter(({ body }) => body.includes('"tools/call"') && body.includes('"march"')).length;

  it('whose connection breaks in the middle of a call gets the rest of its progress, and the answer', async () => {
    closeGate();
    const client = await connectLegacy(scope, { url: proxy.url, token: gateway.token });
    const progress: number[] = [];
    const before = calls();
    const result = await client.callTool({ name: 'march' }, undefined, {
      onprogress(heard) {
        progress.push(heard.progress);
        if (heard.progress > 1) return;
        proxy.cut();
        proceed();
        proxy.mend();
      },
    });
    expect(textOf(result)).toBe('arrived');
    expect(progress).toEqual([1, 2]);
    expect(calls() - before).toBe(1);
  });

  it('that is started anew in the middle of a call fetches the answer by its last event', async () => {
    closeGate();
    const token = `Bearer ${gateway.token}`;
    const transportOf = (sessionId?: string) =>
      new StreamableHTTPClientTransport(new URL(url), {
        requestInit: { headers: { Authorization: token } },
        ...(sessionId !== undefined && { sessionId }),
      });
    const first = transportOf();
    const client = new Client({ name: 'legacy-client', version: '1.0.0' });
    await client.connect(first);
    const { sessionId = '', protocolVersion = '' } = first;
    const lastEventId = await new Promise<string>((resolve) => {
      const options = { onresumptiontoken: resolve, onprogress() {} };
      client.callTool({ name: 'march' }, undefined, options).catch(() => undefined); // it ends with its client
    });
    await client.close();
    proceed();

    const second = transportOf(sessionId);
    const renewed = new Client({ name: 'legacy-client', version: '1.0.0' });
    await renewed.connect(second);
    second.setProtocolVersion(protocolVersion);
    scope.add(renewed, () => renewed.close());
    const result = await renewed.callTool({ name: 'march' }, undefined, { resumptionToken: lastEventId });
    expect(textOf(result)).toBe('arrived');
  });

  it('whose standing stream breaks hears of what changed meanwhile', async () => {
    let heard = 0;
    let heardByOther = 0;
    const listen = (at: string, onChange: () => void) =>
      connectLegacy(scope, { url: at, token: gateway.token }, (client) =>
        client.setNotificationHandler(ToolListChangedNotificationSchema, onChange),
      );
    await listen(proxy.url, () => (heard += 1));
    await listen(url, () => (heardByOther += 1));
    // Both streams are open once both have heard of a change.
    await until('a first change', () => {
      upstream.changeTools(upstream.tools.toReversed());
      return heard > 0 && heardByOther > 0;
    });
    await until('quiet', async () => {
      const counts = [heard, heardByOther];
      await new Promise((resolve) => setTimeout(resolve, 300));
      return counts[0] === heard && counts[1] === heardByOther;
    });
    const before = [heard, heardByOther];
    proxy.cut();
    upstream.changeTools(upstream.tools.slice(1));
    await until('the change at the client that was not cut', () => heardByOther > (before[1] ?? 0));
    expect(heard).toBe(before[0]);
    proxy.mend();
    await until('the change at the client that came back', () => heard > (before[0] ?? 0));
  });
});

it('a client whose gateway is killed in the middle of a call hears that nobody knows what came of it', async () => {
  const upstream = await startFixture(scope, 'legacy');
  const [port, dataDir] = [await freePort(), `${scope.folder()}/data`];
  const env = { SSE_RETRY_TIMEOUT: '100' };
  const killed = await startGateway(scope, { port, dataDir, env });
  const url = await killed.compose('one', [await killed.register({ name: 'one', url: upstream.url })]);
  const proxy = await startTcpProxy(scope, url);
  const client = await connectLegacy(scope, { url: proxy.url, token: killed.token });
  upstream.gate = new Promise(() => {});
  let outcome: Promise<unknown> | undefined;
  await new Promise<void>((resolve) => {
    outcome = client.callTool({ name: 'march' }, undefined, { onprogress: () => resolve() });
    outcome.catch(() => undefined); // what it says is looked at below
  });
  proxy.cut();
  process.kill(killed.process.pid, 'SIGKILL');
  await killed.process.exit;
  await startGateway(scope, { port, dataDir, env });
  proxy.mend();
  await expect(outcome).rejects.toMatchObject({ message: expect.stringContaining('gateway was restarted') });
  expect(upstream.received.filter(({ body }) => body.includes('"march"'))).toHaveLength(1);
  expect(await client.listTools()).toHaveProperty('tools');
});
