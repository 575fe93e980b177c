import { createAddressPolicy, type UpstreamRecord } from '@forge/core';
import { describe, expect, it } from 'vitest';
import { readUrl } from './config.ts';
import { makeCertificates } from './fixtures/certificates.fixture.ts';
import { KITCHEN } from './fixtures/tools.fixture.ts';
import { grpcAdapter } from './grpc-adapter.ts';

const policy = createAddressPolicy();
const adapter = grpcAdapter({ refusesAddress: (host) => policy.refusal(host) !== undefined });

function record(fields: Partial<UpstreamRecord> & { readonly config?: string }): UpstreamRecord {
  return {
    id: 'a',
    name: 'kitchen',
    slug: 'kitchen',
    description: '',
    transport: 'grpc',
    url: 'grpc://kitchen.test:50051',
    headers: [],
    era: 'auto',
    createdAt: 0,
    updatedAt: 0,
    version: 1,
    owner: 'alice',
    enabled: true,
    visibility: 'public',
    tags: [],
    ...fields,
  };
}

const check = (fields: Partial<UpstreamRecord>) => () => adapter.check?.(record(fields));
const config = (value: object) => ({ config: JSON.stringify(value) });
const grpcs = { url: 'grpcs://kitchen.test:50051' };
const { client } = makeCertificates();

it('takes what is in order', () => {
  expect(check({})).not.toThrow();
  expect(check({ url: 'grpcs://kitchen.test', timeoutMs: 100 })).not.toThrow();
  expect(check({ ...config(KITCHEN_SET), headers: [{ name: 'Authorization', value: 'Bearer x' }] })).not.toThrow();
  const tls = { certFrom: 'mine', keyFrom: 'mine key', serverName: 'other.test' };
  expect(check({ ...grpcs, ...config({ tls }), secrets: { mine: client.cert, 'mine key': client.key } })).not.toThrow();
});

const KITCHEN_SET = {
  services: ['kitchen.v1.Kitchen'],
  descriptorSet: KITCHEN.descriptorSet,
  compression: 'gzip',
  maxMessageBytes: 1_048_576,
  keepaliveMs: 60_000,
};

describe('what is not in order is named', () => {
  it.each<readonly [Partial<UpstreamRecord>, string]>([
    [{ url: 'grpc://kitchen.test' }, 'url: must name a port'],
    [{ url: 'grpc://kitchen.test:1/path' }, 'url: must have no path'],
    [{ url: 'grpc://169.254.169.254:80' }, 'url: leads to a host that must not be called'],
    [config({ service: [] }), 'config.service: is not known; known are services'],
    [config({ services: 'a.B' }), 'config.services: must be a list'],
    [config({ descriptorSet: '???' }), 'config.descriptorSet: must be a FileDescriptorSet in base64'],
    [config({ protoFiles: {} }), 'config.protoFiles: must be an object of texts'],
    [config({ ...KITCHEN }), 'config.protoFiles: does not go with descriptorSet'],
    [config({ compression: 'zip' }), 'config.compression: must be "none" or "gzip"'],
    [config({ maxMessageBytes: 1 }), 'config.maxMessageBytes: must be an integer from 1024'],
    [config({ tls: {} }), 'config.tls: is for grpcs:// only'],
    [{ ...grpcs, ...config({ tls: { ca: 'x' } }) }, 'config.tls.ca: is not known'],
    [{ ...grpcs, ...config({ tls: { caFrom: 'x' } }) }, 'config.tls.caFrom: names the secret "x"'],
    [
      { ...grpcs, ...config({ tls: { certFrom: 'x' } }), secrets: { x: client.cert } },
      'config.tls: certFrom and keyFrom',
    ],
    [{ secrets: { lost: 'x' } }, 'secrets.lost: is not named in config.tls'],
    [{ headers: [{ name: 'Grpc-Timeout', value: '1S' }] }, 'headers: "grpc-timeout" cannot be set'],
  ])('%o', (fields, message) => {
    expect(check(fields)).toThrow(expect.objectContaining({ code: 'validation_failed' }));
    expect(check(fields)).toThrow(message);
  });

  it('without the secret that it is in', () => {
    const secrets = { ca: '-----BEGIN CERTIFICATE-----\nhunter2' };
    const broken = check({ ...grpcs, ...config({ tls: { caFrom: 'ca' } }), secrets });
    expect(broken).toThrow('config.tls');
    expect(broken).not.toThrow('hunter2');
    const header = check({ headers: [{ name: 'x-key', value: 'hunter2\u00e9' }] });
    expect(header).toThrow('headers: "x-key"');
    expect(header).not.toThrow('hunter2');
  });
});

it.each([
  ['grpc://localhost:50051', 'localhost', 50_051],
  ['grpcs://kitchen.test', 'kitchen.test', 443],
  ['grpc://[::1]:9000', '::1', 9000],
])('reads %s', (url, host, port) => {
  expect(readUrl(url)).toEqual({ host, port });
});
