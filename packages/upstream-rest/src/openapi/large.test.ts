import { Ajv2020 } from 'ajv/dist/2020.js';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../config/check-config.ts';
import type { RestOperation } from '../config/operation.ts';
import { callTool, recordOf, resultOf, upstreamAt } from '../rest.fixture.ts';
import { createAddressPolicy } from '@forge/core';
import { importDocument } from './import-document.ts';
import { largeDocument, map } from './map.fixture.ts';
import { mockServer } from './mock.fixture.ts';
import { sampler } from './sample.fixture.ts';

const baseUrl = 'https://api.example.com';
const load = () => Promise.reject(new Error('no other document is needed'));

/** How many operations each has, and which of them cannot be tools. */
const LARGE = [
  ['github', 1223, ['POST /repos/{owner}/{repo}/releases/{release_id}/assets']],
  ['stripe', 452, ['POST /v1/files']],
  ['kubernetes', 845, []],
] as const;

describe.each(LARGE)("%s's description", (name, count, without) => {
  const text = largeDocument(name);

  test('is imported in less than 5 s: every operation is a tool or is listed with the reason', async ({ annotate }) => {
    const start = performance.now();
    const { config, operations, skipped } = await importDocument({ text, baseUrl }, { load });
    const took = performance.now() - start;
    const size = JSON.stringify(config).length;
    await annotate(
      `${name}: ${operations.length} tools of ${text.length} characters in ${Math.round(took)} ms, ${size} characters`,
    );
    expect(took).toBeLessThan(5000);
    expect(operations.length + skipped.length).toBe(count);
    expect(skipped.map(({ method, path }) => `${method} ${path}`)).toEqual(without);
    expect(skipped.every(({ reason }) => reason.includes('its server is another one'))).toBe(true);
    expect(size).toBeLessThan(16_000_000);
    checkConfig(recordOf(baseUrl, config), createAddressPolicy());
  });

  test('has tools with schemas of JSON Schema 2020-12 and good names, whatever its order', async () => {
    const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
    const { config } = await map(text);
    const names = config.operations.map((operation) => operation.name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((one) => !/^[A-Za-z0-9_-]{1,64}$/.test(one))).toEqual([]);
    for (const { name: tool, inputSchema, outputSchema = {} } of config.operations) {
      for (const schema of [inputSchema, outputSchema]) {
        expect(ajv.validateSchema(schema), `${tool}: ${ajv.errorsText()}`).toBe(true);
        expect(danglingRefs(schema), tool).toEqual([]);
      }
    }
    const document = JSON.parse(text) as { paths: object };
    const turned = { ...document, paths: Object.fromEntries(Object.entries(document.paths).toReversed()) };
    const again = await map(turned);
    expect(again.config.operations.map((operation) => operation.name).toSorted()).toEqual(names.toSorted());
  });
});

/** References that lead to no definition. */
function danglingRefs(schema: Readonly<Record<string, unknown>>): string[] {
  const defined = new Set(Object.keys(schema['$defs'] ?? {}).map((name) => `#/$defs/${name}`));
  return [...JSON.stringify(schema).matchAll(/"\$ref":"([^"]*)"/g)]
    .map(([, ref = '']) => ref)
    .filter((ref) => !defined.has(ref));
}

/** Calls tools with arguments that their schemas allow. Results are what the schemas of answers say. */
async function roundTrip(
  name: 'github' | 'stripe' | 'kubernetes',
  isCalled: (at: number) => boolean,
): Promise<string[]> {
  const text = largeDocument(name);
  let received: readonly string[] = [];
  const server = mockServer(JSON.parse(text) as Parameters<typeof mockServer>[0], (names) => (received = names));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const { config } = await map(text, { baseUrl: url });
  const called = config.operations.filter((_, at) => isCalled(at));
  const upstream = upstreamAt(url, called, { maxAnswerBytes: 10_000_000 });
  const problems: string[] = [];
  for (const [at, tool] of called.entries()) {
    const args = argumentsOf(tool);
    const { isError, content, structuredContent } = await resultOf(callTool(upstream, args, tool.name));
    const lost = namesOf(tool, args).filter((one) => !received.includes(one));
    if (lost.length > 0) problems.push(`${tool.name}: ${lost.join()} did not arrive`);
    if (isError === true) problems.push(`${tool.name}: ${content[0]?.text}`);
    // Compiling schemas takes most of the time.
    else if (at % 5 === 0 && tool.outputSchema !== undefined) problems.push(...misfits(tool, structuredContent));
  }
  server.closeAllConnections();
  server.close();
  return problems;
}

/** Some of all arguments; of alternatives, of which the description speaks, the first one. */
function argumentsOf({ inputSchema, description = '' }: RestOperation): object {
  const defs = (inputSchema['$defs'] ?? {}) as Readonly<Record<string, unknown>>;
  const args = sampler((ref) => defs[ref.replace('#/$defs/', '')])(inputSchema) as object;
  const [, told] = /one of these must be given: ([^.]*)\./i.exec(description) ?? [];
  const [first = [], ...others] = (told?.split('; ') ?? []).map((names) => names.split(' and '));
  const left = new Set(others.flat().filter((name) => !first.includes(name)));
  return Object.fromEntries(Object.entries(args).filter(([name]) => !left.has(name)));
}

/** What must arrive: the names that arguments have in the request. */
function namesOf({ parameters = [], body }: RestOperation, args: object): string[] {
  return Object.entries(args).flatMap(([argument, value]) => {
    const parameter = parameters.find((one) => one.argument === argument);
    if (parameter !== undefined) return [parameter.name ?? argument];
    if (body?.argument !== argument) return [body?.fields?.[argument]?.name ?? argument];
    return typeof value === 'object' && value !== null ? Object.keys(value) : [];
  });
}

function misfits({ name, outputSchema = {} }: RestOperation, value: unknown): string[] {
  const ajv = new Ajv2020({ strict: false, validateFormats: false, logger: false });
  return ajv.validate(outputSchema, value) ? [] : [`${name}: the result ${ajv.errorsText()}`];
}

describe('calls to a server that is made of the document come back', () => {
  test("from every operation of GitHub's", async () => {
    expect(await roundTrip('github', () => true)).toEqual([]);
  }, 120_000);

  test.each(['stripe', 'kubernetes'] as const)(
    "from every tenth operation of %s's",
    async (name) => {
      expect(await roundTrip(name, (at) => at % 10 === 0)).toEqual([]);
    },
    60_000,
  );
});
