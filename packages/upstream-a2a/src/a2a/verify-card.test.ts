import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { AgentCard, canonicalizeAgentCard, generateAgentCardSignature } from '@a2a-js/sdk';
import { exportJWK, FlattenedSign, generateKeyPair, type JWK } from 'jose';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { upstreamOf } from '../upstream.fixture.ts';
import { canonicalJson } from './verify-card.ts';

let server: Server;
let url: string;
/** What is served, by path. */
let served: Record<string, unknown>;
beforeEach(async () => {
  served = {};
  server = createServer((request, response) => {
    const found = served[request.url ?? ''];
    response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(found ?? {}));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterEach(() => void server.close());

const keyPair = await generateKeyPair('ES256');
const stranger = await generateKeyPair('ES256');
const publicJwk: JWK = { ...(await exportJWK(keyPair.publicKey)), kid: 'k1' };

function card(edits: object = {}): AgentCard {
  const supportedInterfaces = [{ url: `${url}/rpc`, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }];
  return AgentCard.fromJSON({ name: 'Signed', version: '1', supportedInterfaces, skills: [{ id: 'a' }], ...edits });
}

/** A card signed by the official SDK. */
function signed(jku: string | undefined, key = keyPair.privateKey, edits: object = {}): Promise<AgentCard> {
  const header = { alg: 'ES256', kid: 'k1', typ: 'JOSE', ...(jku !== undefined && { jku }) };
  return generateAgentCardSignature(key, header)(card(edits));
}

/** Serves a card and its keys, and connects. */
async function connect(sent: AgentCard | object, config: object = {}): Promise<string> {
  served['/.well-known/agent-card.json'] =
    'skills' in sent && 'securitySchemes' in sent ? AgentCard.toJSON(sent) : sent;
  const upstream = upstreamOf({ url, config: JSON.stringify(config) });
  try {
    return (await upstream.connect()).reason;
  } finally {
    await upstream.close();
  }
}

describe('a signed card', () => {
  it('is good where a key of its own origin says so', async () => {
    served['/keys'] = { keys: [publicJwk] };
    expect(await connect(await signed(`${url}/keys`))).toContain('is signed by the key "k1"');
  });

  it('is good where a configured key says so', async () => {
    expect(await connect(await signed(undefined), { keys: [publicJwk] })).toContain('"k1"');
  });

  it('is good where one of its signatures is', async () => {
    const good = await signed(undefined);
    const [bad] = (await signed(undefined, stranger.privateKey)).signatures;
    expect(await connect({ ...good, signatures: [bad!, ...good.signatures] }, { keys: [publicJwk] })).toContain('"k1"');
  });

  it('of 0.3 is signed as it stands', async () => {
    const old = {
      protocolVersion: '0.3.0',
      name: 'Old',
      url: `${url}/rpc`,
      version: '1',
      capabilities: {},
      skills: [],
      extra: 1,
    };
    const payload = new TextEncoder().encode(canonicalJson(old));
    const { protected: head, signature } = await new FlattenedSign(payload)
      .setProtectedHeader({ alg: 'ES256', kid: 'k1', typ: 'JOSE' })
      .sign(keyPair.privateKey);
    const signatures = [{ protected: head, signature }];
    expect(await connect({ ...old, signatures }, { keys: [publicJwk] })).toContain('"k1"');
    await expect(connect({ ...old, extra: 2, signatures }, { keys: [publicJwk] })).rejects.toThrow(/not accepted/);
  });

  it.each<[string, () => Promise<AgentCard>, object, RegExp]>([
    [
      'was changed afterwards',
      async () => ({ ...(await signed(undefined)), name: 'Evil' }),
      { keys: [publicJwk] },
      /verification failed/,
    ],
    ['by a stranger', () => signed(undefined, stranger.privateKey), { keys: [publicJwk] }, /verification failed/],
    ['by a key that nobody knows', () => signed(undefined), {}, /its key "k1" is not among config\.keys/],
    [
      'by a key from anywhere',
      () => signed('https://evil.example.com/keys'),
      {},
      /is on another host, and not among config\.keyUrls/,
    ],
    ['by keys that are not there', () => signed(`${url}/none`), {}, /answered with HTTP 404/],
  ])('is refused when it is signed %s', async (_, make, config, why) => {
    await expect(connect(await make(), config)).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringMatching(why) as string,
    });
  });

  it('is refused when its key is a secret that everybody may know', async () => {
    const secret = new TextEncoder().encode('0123456789abcdef0123456789abcdef');
    const payload = new TextEncoder().encode(canonicalizeAgentCard(card()));
    const { protected: head = '', signature } = await new FlattenedSign(payload)
      .setProtectedHeader({ alg: 'HS256', kid: 'k1', typ: 'JOSE', jku: `${url}/keys` })
      .sign(secret);
    served['/keys'] = { keys: [{ kty: 'oct', kid: 'k1', k: Buffer.from(secret).toString('base64url') }] };
    const signatures = [{ protected: head, signature, header: undefined }];
    await expect(connect({ ...card(), signatures })).rejects.toThrow(/not accepted/);
  });

  it('is not looked at where that is configured', async () => {
    const changed = { ...(await signed(undefined)), name: 'Changed' };
    expect(await connect(changed, { signature: 'ignored' })).toContain('says so');
  });
});

describe('an unsigned card', () => {
  it('is good, unless keys are configured or a signature is required', async () => {
    expect(await connect(card())).toContain('says so');
    await expect(connect(card(), { keys: [publicJwk] })).rejects.toThrow(/it is not signed/);
    await expect(connect(card(), { signature: 'required' })).rejects.toThrow(/it is not signed/);
  });
});

describe('canonical JSON', () => {
  it('is that of RFC 8785', () => {
    const numbers = [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001];
    const value = {
      numbers,
      string: '€$\u000f\nA\'B"\\\\"/',
      literals: [null, true, false],
      '\u20ac': 1,
      '\r': 2,
      '1': 3,
    };
    expect(canonicalJson(value)).toBe(
      '{"\\r":2,"1":3,"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/","€":1}',
    );
  });
});
