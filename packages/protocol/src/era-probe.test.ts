import { describe, expect, it } from 'vitest';
import { readInitialize, readProbe } from './era-probe.ts';
import { JsonText } from './json-text.ts';

const result = (value: unknown) => ({ result: JsonText.of(value) });
const refused = (code: number, data?: unknown) => ({
  error: { code, message: 'no', data: data === undefined ? undefined : JsonText.of(data) },
});

/** As a large answer arrives: scanned, but not parsed. */
const broken = { result: new JsonText('{"protocolVersion":"2025-11-25","serverInfo":{"name":[}}') };

it.each([
  ['server/discover', readProbe],
  ['initialize', readInitialize],
])('refuses an answer to %s that is no JSON within', (_method, read) => {
  expect(() => read(broken)).toThrow(expect.objectContaining({ code: 'upstream_error' }));
});

describe('an answer to server/discover', () => {
  it('proves a modern server by the revisions it supports', () => {
    const verdict = readProbe(
      result({
        resultType: 'complete',
        supportedVersions: ['2099-01-01', '2026-07-28'],
        capabilities: { tools: {} },
        instructions: 'Be kind',
        ttlMs: 5000,
        cacheScope: 'public',
        _meta: { 'io.modelcontextprotocol/serverInfo': { name: 's', version: '1' } },
      }),
    );
    expect(verdict).toMatchObject({
      era: 'modern',
      protocolVersion: '2026-07-28',
      description: { instructions: 'Be kind', ttlMs: 5000, cacheScope: 'public' },
    });
    expect(verdict).toMatchObject({
      reason: 'server/discover was answered with supportedVersions ["2099-01-01","2026-07-28"]',
    });
    expect(verdict.era === 'modern' && verdict.description.serverInfo.value).toEqual({ name: 's', version: '1' });
  });

  it.each([
    ['an empty result', result({}), 'without supportedVersions'],
    ['revisions that are no list', result({ supportedVersions: '2026-07-28' }), 'with supportedVersions "2026-07-28"'],
    ['legacy revisions only', result({ supportedVersions: ['2025-11-25'] }), 'with supportedVersions ["2025-11-25"]'],
    ['an unknown method', refused(-32601), 'with -32601'],
    ['a refused revision, and legacy ones instead', refused(-32022, { supported: ['2025-11-25'] }), 'with -32022'],
    ['a refused revision without a word on others', refused(-32022), 'with -32022'],
  ])('proves nothing modern by %s, and says so', (_name, answer, how) => {
    expect(readProbe(answer)).toEqual({ era: 'legacy', reason: `server/discover was answered ${how}` });
    expect(readProbe(answer, 400)).toEqual({ era: 'legacy', reason: `server/discover was answered 400 ${how}` });
  });

  it('asks for another try when the server names a modern revision that Forge speaks', () => {
    const answer = refused(-32022, { supported: ['2026-07-28'], requested: 'x' });
    expect(readProbe(answer)).toEqual({ era: 'retry', protocolVersion: '2026-07-28' });
  });

  it('is safe to remember for no time when its hints are not usable', () => {
    const verdict = readProbe(result({ supportedVersions: ['2026-07-28'], ttlMs: 'soon', cacheScope: 'all' }));
    expect(verdict).toMatchObject({ description: { ttlMs: 0, cacheScope: 'private' } });
  });
});

describe('an answer to initialize', () => {
  it('introduces a server of any legacy revision, in modern form', () => {
    const introduced = readInitialize(
      result({
        protocolVersion: '2024-11-05',
        capabilities: { tools: {}, tasks: {}, extensions: { 'io.modelcontextprotocol/tasks': {}, x: {} } },
        serverInfo: { name: 'old', version: '1' },
      }),
    );
    expect(introduced).toMatchObject({
      protocolVersion: '2024-11-05',
      description: { ttlMs: 0, cacheScope: 'private' },
    });
    expect(introduced.description.capabilities.value).toEqual({ tools: {}, extensions: { x: {} } });
  });

  it.each([
    ['an error', refused(-32000), /refused initialize: no \(-32000\)/],
    ['nothing', result({}), /no MCP server/],
    ['a revision of the future', result({ protocolVersion: '2099-01-01' }), /2099-01-01, which Forge does not/],
  ])('is refused when it is %s', (_name, answer, message) => {
    expect(() => readInitialize(answer)).toThrow(message);
  });

  it('does not bring an endless text into a message', () => {
    const answer = { error: { code: 1, message: 'x'.repeat(10_000) } };
    expect(() => readInitialize(answer)).toThrow(/^.{1,300}$/);
  });
});
