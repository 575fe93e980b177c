import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import type { CredentialSource, Refused } from './credentials.ts';
import { type Hit, json, legacyServer, modernServer, testClient, type TestServer } from './server.fixture.ts';
import { codeOf, started, upstreamAt } from './upstream.fixture.ts';

/** Gives the next token with each refusal, until there are no more. */
function source(...tokens: string[]): CredentialSource & { readonly refusals: Refused[] } {
  const refusals: Refused[] = [];
  return {
    refusals,
    authorization: () => tokens[0],
    async refused(refused) {
      refusals.push(refused);
      if (refused.used === tokens[0]) tokens.shift();
      return tokens.length > 0;
    },
  };
}

/** Takes one token for everything. */
function guard(server: TestServer, token: string): void {
  for (const [method, handler] of [
    ...server.handlers,
    ['tools/call', (hit: Hit) => json(hit, { result: {} })] as const,
  ]) {
    server.handlers.set(method, (hit: Hit) => {
      if (hit.headers.authorization === token) handler(hit);
      else hit.response.writeHead(401, { 'www-authenticate': 'Bearer scope="a"' }).end();
    });
  }
}

describe('a credential that changes', () => {
  it.each([
    ['modern', modernServer],
    ['legacy', legacyServer],
  ])('is renewed when a %s server refuses it, and the request sent once more', async (_, create) => {
    const server = await started(create());
    guard(server, 'Bearer 2');
    const credentials = source('Bearer 1', 'Bearer 2');
    const { call } = upstreamAt(server.url, { credentials });
    expect((await call('t').outcome).result).toBeDefined();
    expect(credentials.refusals).toEqual([{ status: 401, used: 'Bearer 1', challenge: 'Bearer scope="a"' }]);
    expect(server.of('tools/call')).toHaveLength(1);
  });

  it('that is refused again is not tried a third time', async () => {
    const server = await started(modernServer());
    guard(server, 'Bearer 9');
    const credentials = source('Bearer 1', 'Bearer 2', 'Bearer 3');
    expect(codeOf(await upstreamAt(server.url, { credentials }).call('t').outcome)).toBe('upstream_error');
    expect(server.hits.map(({ headers }) => headers.authorization)).toEqual(['Bearer 1', 'Bearer 2']);
  });

  it('gives way to what a client sends for itself', async () => {
    const server = await started(modernServer());
    guard(server, 'Bearer mine');
    const credentials = source('Bearer 1');
    const client = testClient({ upstreamAuthorization: 'Bearer mine' });
    expect((await upstreamAt(server.url, { credentials }).call('t', client).outcome).result).toBeDefined();
    expect(credentials.refusals).toEqual([]);
  });

  it('is not waited for by a call that was cancelled, which is not sent again', async () => {
    const server = await started(modernServer());
    let decide = (_better: boolean): void => undefined;
    const asked = new EventTarget();
    let token: string | undefined = 'Bearer 2';
    guard(server, 'Bearer 2');
    const credentials: CredentialSource = {
      authorization: () => token,
      refused() {
        asked.dispatchEvent(new Event('asked'));
        return new Promise((resolve) => (decide = resolve));
      },
    };
    const { call, upstream } = upstreamAt(server.url, { credentials });
    await upstream.connect();
    token = 'Bearer 1';
    const wondering = once(asked, 'asked');
    const { exchange, outcome } = call('t');
    await wondering;
    exchange.cancel();
    token = 'Bearer 2';
    decide(true);
    expect(codeOf(await outcome)).not.toBe('upstream_error');
    expect((await call('u').outcome).result).toBeDefined();
    expect(server.of('tools/call').map(({ message }) => message.params?.['name'])).toEqual(['t', 'u']);
  });
});
