import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeCertificates } from './fixtures/certificates.fixture.ts';
import { startServer, type TestServer } from './fixtures/server.fixture.ts';
import { callTool, connectTo } from './fixtures/upstream.fixture.ts';

const { ca, server, client } = makeCertificates();
const serverName = 'grpc.test';

function secured(asksClient: boolean): ServerCredentials {
  const pair = { cert_chain: Buffer.from(server.cert), private_key: Buffer.from(server.key) };
  return ServerCredentials.createSsl(Buffer.from(ca.cert), [pair], asksClient);
}

describe('TLS', () => {
  let far: TestServer;
  beforeAll(async () => {
    far = await startServer({ credentials: secured(false) });
  });
  afterAll(() => far.stop());

  it('is spoken with a server whose certificate is trusted and has its name', async () => {
    const { upstream } = connectTo(far.port, { tls: { ca: ca.cert, serverName } });
    expect((await callTool(upstream, 'suite.Suite.echo', { text: 'safe' })).text).toBe('{"text":"safe"}');
  });

  it.each([
    ['the authority is not trusted', { serverName }, /self.signed|unable to verify|issuer/i],
    ['the certificate has another name', { ca: ca.cert, serverName: 'other.test' }, /other\.test/],
  ])('is not spoken where %s', async (_, tls, reason) => {
    const { upstream } = connectTo(far.port, { tls });
    await expect(upstream.connect()).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringMatching(reason) as string,
    });
  });

  it('is not left out where the server speaks it alone', async () => {
    await expect(connectTo(far.port).upstream.connect()).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringContaining('grpcs://') as string,
    });
  });

  it('is not spoken with a server without it, and the scheme that would be is named', async () => {
    const plain = await startServer();
    await expect(connectTo(plain.port, { tls: {} }).upstream.connect()).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: 'The server does not speak TLS; grpc:// is plain text',
    });
    await plain.stop();
  });
});

it('a server that speaks HTTP/1 is said to be no gRPC server', async () => {
  const web = createServer((_, response) => response.end('hello'));
  await new Promise<void>((listening) => web.listen(0, '127.0.0.1', listening));
  await expect(connectTo((web.address() as AddressInfo).port).upstream.connect()).rejects.toMatchObject({
    code: 'upstream_unreachable',
    message: expect.stringMatching(/^The server does not speak HTTP\/2, so it is no gRPC server/) as string,
  });
  web.close();
});

describe('mutual TLS', () => {
  let far: TestServer;
  beforeAll(async () => {
    far = await startServer({ credentials: secured(true) });
  });
  afterAll(() => far.stop());

  it('shows the certificate of the gateway', async () => {
    const { upstream } = connectTo(far.port, { tls: { ca: ca.cert, serverName, ...client } });
    expect((await callTool(upstream, 'suite.Suite.echo', { text: 'known' })).text).toBe('{"text":"known"}');
  });

  it('fails without one', async () => {
    const { upstream } = connectTo(far.port, { tls: { ca: ca.cert, serverName } });
    await expect(upstream.connect()).rejects.toMatchObject({
      code: 'upstream_unreachable',
      message: expect.stringMatching(/certificate/i) as string,
    });
  });
});
