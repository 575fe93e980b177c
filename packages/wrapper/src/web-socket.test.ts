/** A server on WebSocket behind the command. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocketServer } from 'ws';
import { selfSigned } from './certificate.fixture.ts';
import { folder, modern, TestWrapper } from './wrapper.fixture.ts';

/** A legacy server over TLS, with the tool `who`: what credential it was called with. */
async function serve(): Promise<{ url: string; ca: string; sockets: WebSocketServer }> {
  const { key, cert } = selfSigned();
  const server = createServer({ key, cert }).listen(0, '127.0.0.1');
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (ws, { headers }) =>
    ws.on('message', (data: Buffer) => {
      const { id, method } = JSON.parse(data.toString()) as { id?: number; method: string };
      const result = {
        initialize: {
          protocolVersion: '2025-06-18',
          capabilities: { tools: {} },
          serverInfo: { name: 's', version: '1' },
        },
        'tools/list': { tools: [{ name: 'who', inputSchema: { type: 'object' } }] },
        'tools/call': { content: [{ type: 'text', text: headers.authorization ?? 'nobody' }] },
      }[method];
      const body = result === undefined ? { error: { code: -32601, message: 'unknown' } } : { result };
      if (id !== undefined) ws.send(JSON.stringify({ jsonrpc: '2.0', id, ...body }));
    }),
  );
  await once(server, 'listening');
  onTestFinished(() => {
    for (const ws of sockets.clients) ws.terminate();
    server.close();
  });
  const ca = join(folder(), 'ca.pem');
  writeFileSync(ca, cert);
  return { url: `wss://localhost:${(server.address() as AddressInfo).port}/ws`, ca, sockets };
}

it('is used by clients of both eras, with the credential and the certificates that are given', async () => {
  const { url, ca } = await serve();
  const wrapper = new TestWrapper(['--url', url, '--ca', ca, '--auth', 'Bearer mine']);
  expect((await wrapper.initialize()).result).toMatchObject({ protocolVersion: '2025-06-18' });
  expect(await wrapper.said('who')).toBe('Bearer mine');
  const { result } = await wrapper.request('tools/call', modern({ name: 'who' }));
  expect(result).toMatchObject({ resultType: 'complete', content: [{ text: 'Bearer mine' }] });
  expect(wrapper.stderr).toContain('over websocket');
});

it('is connected again by the next call after it was lost', async () => {
  const { url, ca, sockets } = await serve();
  const wrapper = new TestWrapper(['--url', url, '--ca', ca]);
  await wrapper.initialize();
  for (const ws of sockets.clients) ws.close(1012);
  await wrapper.until(() => wrapper.stderr.includes('1012, it restarts'));
  expect(await wrapper.said('who')).toBe('nobody');
});

it('is not trusted without its certificate, and not for the doctor', async () => {
  const { url } = await serve();
  const wrapper = new TestWrapper(['--url', url, '--connect-timeout', '1']);
  expect((await wrapper.initialize()).error?.message).toMatch(/cannot be used: .*(?:SELF_SIGNED|self.signed)/);
  const doctor = new TestWrapper(['doctor', '--url', url]);
  expect(await doctor.exit).toBe(2);
  expect(doctor.stderr).toContain('doctor examines servers on http and https');
});
