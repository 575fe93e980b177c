import type { PluginCall, PluginHooks } from '@forge/core';
import { JsonText } from '@forge/protocol';
import { afterEach, describe, expect, it } from 'vitest';
import { findGuardrail, guardrail, GUARDRAILS } from './guardrails.ts';

const made: PluginHooks[] = [];
afterEach(async () => {
  for (const hooks of made.splice(0)) await hooks.close?.();
});

function make(kind: string, config?: unknown): PluginHooks {
  const hooks = guardrail(kind, config);
  made.push(hooks);
  return hooks;
}

const before = async (hooks: PluginHooks, args: object) =>
  (await hooks.beforeCall?.({ arguments: JsonText.of(args) } as PluginCall)) ?? {};

const after = async (hooks: PluginHooks, ...texts: string[]) =>
  (await hooks.afterCall?.({} as PluginCall, resultOf(...texts))) ?? {};

function resultOf(...texts: string[]): JsonText {
  return JsonText.of({
    content: texts.map((text) => ({ type: 'text', text })),
    structuredContent: { first: texts[0] },
  });
}

const contentOf = (result: unknown) =>
  ((result as JsonText).value as { content: { text: string }[] }).content.map(({ text }) => text);

describe('what ships', () => {
  it('is found by its own kind and by those of ContextForge, each once', () => {
    const kinds = GUARDRAILS.flatMap(({ kind, aliases }) => [kind, ...aliases]);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect(findGuardrail('plugins.regex_filter.search_replace.SearchReplacePlugin')?.kind).toBe('search_replace');
    expect(() => guardrail('other')).toThrow(RangeError);
  });

  it('takes no key that it does not know', () => {
    for (const { kind } of GUARDRAILS) expect(() => guardrail(kind, { wrods: [] }), kind).toThrow(/wrods/);
  });
});

describe('search_replace', () => {
  it('replaces in arguments and in every text of a result', async () => {
    const hooks = make('search_replace', { words: [{ search: String.raw`\d{3}-\d{4}`, replace: '***' }] });
    const { arguments: args } = await before(hooks, { a: ['555-1234'], n: 1 });
    expect((args as JsonText).text).toBe('{"a":["***"],"n":1}');
    const { result } = await after(hooks, 'call 555-1234', 'or not');
    expect((result as JsonText).value).toMatchObject({ structuredContent: { first: 'call ***' } });
    expect(contentOf(result)).toEqual(['call ***', 'or not']);
    expect(await after(hooks, 'fine')).toEqual({});
    expect(await before(hooks, { a: 'fine' })).toEqual({});
  });

  it('says which pattern is none', () => {
    expect(() => guardrail('search_replace', { words: [{ search: '(', replace: '' }] })).toThrow(/is no pattern/);
  });
});

describe('deny_filter', () => {
  it('denies calls whose texts have one of its words, before and after', async () => {
    const hooks = make('deny_filter', { words: ['groundbreaking'] });
    expect(await before(hooks, { deep: [{ a: 'so groundbreaking!' }] })).toMatchObject({
      deny: { code: 'deny', description: 'A denied word is in the arguments' },
    });
    expect(await before(hooks, { groundbreaking: 'a name is no text' })).toEqual({ deny: undefined });
    expect(await after(hooks, 'a', 'groundbreaking')).toMatchObject({ deny: { code: 'deny' } });
    expect(await after(hooks, 'a')).toEqual({ deny: undefined });
  });
});

describe('header_injector', () => {
  it('adds its headers, and none that are credentials or no headers at all', async () => {
    expect(await before(make('header_injector', { headers: { 'X-Tenant': 'a' } }), {})).toEqual({
      headers: { 'X-Tenant': 'a' },
    });
    for (const headers of [{ Authorization: 'x' }, { 'x y': 'z' }, { 'x-a': 'b\nc' }]) {
      expect(() => guardrail('header_injector', { headers })).toThrow();
    }
  });
});

describe('output_length_guard', () => {
  it('cuts texts that are too long, and says so where they are read', async () => {
    const hooks = make('output_length_guard', { max_chars: 10 });
    const { result } = await after(hooks, 'x'.repeat(25), 'short');
    expect(contentOf(result)).toEqual([
      `${'x'.repeat(9)}…`,
      'short',
      // The text and its twin in the structured content.
      '[This result was cut: 32 characters were left out]',
    ]);
    expect(await after(hooks, 'x'.repeat(10))).toEqual({});
  });

  it('cuts between words where it is to, and through no character', async () => {
    const words = make('output_length_guard', { max_chars: 20, word_boundary: true, ellipsis: '...' });
    expect(contentOf((await after(words, 'the quick brown foxes jump')).result)[0]).toBe('the quick brown...');
    const bare = make('output_length_guard', { max_chars: 3, ellipsis: '' });
    expect(contentOf((await after(bare, 'ab😀c')).result)[0]).toBe('ab');
  });

  it('denies instead where it is to block, short ones as well', async () => {
    const hooks = make('output_length_guard', { min_chars: 2, max_chars: 4, strategy: 'block' });
    for (const text of ['x', 'xxxxx']) {
      expect(await after(hooks, text)).toMatchObject({ deny: { code: 'OUTPUT_LENGTH_VIOLATION' } });
    }
    expect(await after(hooks, 'xxx')).toEqual({ deny: undefined });
    expect(() => guardrail('output_length_guard', { min_chars: 2, max_chars: 1 })).toThrow(/not be greater/);
  });

  it('without a bound does nothing', async () => {
    expect(await after(make('output_length_guard'), 'x'.repeat(10_000))).toEqual({});
  });
});

describe('secrets_detection', () => {
  const GITHUB = `ghp_${'a1'.repeat(18)}`;
  const KEY = `-----BEGIN RSA PRIVATE KEY-----\n${'QUJD\n'.repeat(20)}-----END RSA PRIVATE KEY-----`;

  it('denies by default, and does not repeat what it found', async () => {
    const hooks = make('secrets_detection');
    const denied = await after(hooks, `the token is ${GITHUB}`);
    expect(denied).toMatchObject({
      deny: { code: 'SECRETS_DETECTED', details: { count: 2, kinds: ['github_token'] } },
    });
    expect(JSON.stringify(denied)).not.toContain(GITHUB);
    expect(await before(hooks, { key: KEY })).toMatchObject({ deny: { reason: 'Secrets detected' } });
    expect(await after(hooks, 'nothing to see')).toEqual({});
  });

  it('redacts where it is to: the whole of each', async () => {
    const hooks = make('secrets_detection', { redact: true, block_on_detection: false, redaction_text: '[$&]' });
    const { result } = await after(hooks, `a ${GITHUB} b ${KEY} c`);
    expect(contentOf(result)).toEqual(['a [$&] b [$&] c']);
  });

  it.each([
    ['aws_access_key_id', 'AKIAIOSFODNN7EXAMPLE'],
    ['aws_secret_access_key', `aws_secret_access_key = ${'aB3/'.repeat(10)}`],
    ['google_api_key', `AIza${'x'.repeat(35)}`],
    ['github_token', `github_pat_${'x'.repeat(22)}`],
    ['stripe_secret_key', `sk_live_${'x'.repeat(24)}`],
    ['slack_token', 'xoxb-123456789012-abcdef'],
    ['private_key_block', '-----BEGIN PRIVATE KEY-----'],
    ['generic_api_key_assignment', `"api_key": "${'x'.repeat(20)}"`],
    ['jwt_like', `eyJ${'a'.repeat(12)}.eyJ${'b'.repeat(12)}.${'c'.repeat(12)}`],
    ['hex_secret_32', 'deadbeef'.repeat(4)],
    ['base64_24', 'QUJDREVGR0hJSktMTU5PUFFS'],
  ])('knows %s, and only where it is switched on', async (name, text) => {
    const all = ['aws_access_key_id', 'aws_secret_access_key', 'google_api_key', 'github_token', 'stripe_secret_key'];
    const off = Object.fromEntries([...all, 'slack_token', 'private_key_block'].map((one) => [one, false]));
    expect(await before(make('secrets_detection', { enabled: { ...off, [name]: true } }), { text })).toMatchObject({
      deny: { details: { kinds: [name] } },
    });
    expect(await before(make('secrets_detection', { enabled: off }), { text })).toEqual({});
  });

  it('takes its time in what is made to take long, and no more', async () => {
    const hooks = make('secrets_detection', { enabled: { generic_api_key_assignment: true, jwt_like: true } });
    await after(hooks, 'warm');
    const start = performance.now();
    for (const text of ['aws secret='.repeat(40_000), 'api_key:'.repeat(50_000), 'eyJ'.repeat(100_000)]) {
      await after(hooks, text);
    }
    expect(performance.now() - start).toBeLessThan(3000);
  });
});
