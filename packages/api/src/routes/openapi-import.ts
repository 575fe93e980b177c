/** @module The routes that import OpenAPI documents. */
import { ForgeError, type Principal, type Registry, type UpstreamRecord } from '@forge/core';
import * as contract from '../contract/openapi-import.ts';
import { invalidInput } from '../http/keys.ts';
import { type Route, route } from '../http/serve.ts';
import { viewGateway } from './gateways.ts';
import { diffOperations } from './openapi-diff.ts';
import type { OpenApiConfig, OpenApiImporter, OpenApiRequest, OpenApiResult } from './openapi-importer.ts';

/** What bodies say about a document. */
interface Source extends Omit<OpenApiRequest, 'text' | 'current'> {
  readonly document?: string | Readonly<Record<string, unknown>> | undefined;
}

/** Serves the import of documents. Without an importer it says so. */
export function openApiRoutes(registry: Registry, importer: OpenApiImporter = unavailable): Route[] {
  const { upstreams } = registry;

  return [
    route(contract.previewOpenApi, async ({ body: { schemas, ...source } }) => {
      const result = await importer(toRequest(source));
      checkCredentials(result, source.credentials, false);
      return summaryOf(result, schemas);
    }),
    route(contract.importOpenApi, async ({ principal, body }) => {
      const { url, document, baseUrl, variables, select, credentials, headers, ...fields } = body;
      const source = { url, document, baseUrl, variables, select, credentials };
      const result = await importer(toRequest(source));
      checkCredentials(result, credentials, true);
      const row = await upstreams.create(principal, {
        ...fields,
        transport: 'rest',
        ...keptOf(result, source),
        secrets: result.secrets,
        headers: Object.entries(headers ?? {}).map(([name, value]) => ({ name, value })),
      });
      return { gateway: await viewGateway(registry, principal, row), ...summaryOf(result, false) };
    }),
    route(contract.reimportOpenApi, async ({ principal, params, body: { dryRun, ...given } }) => {
      const row = await importedGateway(registry, principal, params['id'] ?? '');
      const current = JSON.parse(row.config ?? '{"operations":[]}') as OpenApiConfig;
      if (current.isSingleTool === true) throw notForImports(row);
      const source = { ...current.source, ...defined(given) } as Source;
      const result = await importer({ ...toRequest(source), current });
      checkCredentials(result, given.credentials, true);
      const kept = keptOf(result, source);
      const secrets = { ...row.secrets, ...result.secrets };
      const changed = dryRun ? undefined : await upstreams.update(principal, row.id, { ...kept, secrets });
      return {
        dryRun,
        ...diffOperations(current.operations, result.config.operations),
        gateway: changed === undefined ? null : await viewGateway(registry, principal, changed),
        ...summaryOf(result, false),
      };
    }),
    route(contract.generateSchemas, async ({ body: { url, requestType, openapiUrl } }) => {
      if (!URL.canParse(url)) throw invalidInput([{ field: 'url', message: 'is not an absolute URL' }]);
      const { origin, pathname } = new URL(url);
      const spec = openapiUrl ?? `${origin}/openapi.json`;
      const { config, url: base } = await importer({ url: spec, select: { methods: [requestType] } });
      const prefix = base === undefined ? '' : new URL(base).pathname.replace(/\/$/, '');
      const path = pathname.replaceAll('%7B', '{').replaceAll('%7D', '}');
      const found = config.operations.find((tool) => fits(prefix + tool.path, path) || fits(tool.path, path));
      if (found === undefined) throw new ForgeError('not_found', `The document has no ${requestType} ${path}`);
      return {
        success: true as const,
        message: `Found as "${found.name}"`,
        input_schema: found.inputSchema,
        output_schema: found.outputSchema ?? null,
        spec_url: spec,
      };
    }),
  ];
}

const unavailable: OpenApiImporter = () => {
  throw new ForgeError('not_implemented', 'This Forge has no adapter for REST, so that documents cannot be imported');
};

function toRequest({ document, ...source }: Source): OpenApiRequest {
  if (document === undefined && source.url === undefined) {
    throw invalidInput([{ field: 'document', message: 'is missing: send the document, or its "url"' }]);
  }
  const text = typeof document === 'object' ? JSON.stringify(document) : document;
  return text === undefined ? source : { ...source, text };
}

/** What is not said does not count. */
function defined<T extends object>(fields: T): Partial<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<T>;
}

/**
 * What is kept of an import: with its configuration, how to make it again. No document, no credentials, and no URL with a
 * query, which may hold one: a configuration is not sealed.
 */
function keptOf({ url, config, skipped, unselected }: OpenApiResult, source: Source): { url: string; config: string } {
  if (config.operations.length === 0) {
    const [first] = skipped;
    const why =
      first === undefined ? `${unselected} were not selected` : `${first.method} ${first.path}: ${first.reason}`;
    throw new ForgeError('validation_failed', `No operation of the document can be a tool (${why})`);
  }
  if (url === undefined) {
    throw invalidInput([{ field: 'baseUrl', message: 'is missing: the document names no server' }]);
  }
  const { baseUrl, variables, select } = source;
  const kept = { url: source.url?.includes('?') === true ? undefined : source.url, baseUrl, variables, select };
  return { url, config: JSON.stringify({ ...config, source: defined(kept) }) };
}

/** Whether every credential is one that the document asks for; and, to be kept, whether nothing of it is missing. */
function checkCredentials({ schemes }: OpenApiResult, given: OpenApiRequest['credentials'], isKept: boolean): void {
  const known = schemes.map(({ name }) => name).join(', ');
  const issues = Object.keys(given ?? {}).flatMap((name) => {
    const scheme = schemes.find((one) => one.name === name);
    const missing = `the document has no such security scheme; it has ${known.slice(0, 1000) || 'none'}`;
    const message = scheme === undefined ? missing : isKept ? scheme.problem : undefined;
    return message === undefined ? [] : [{ field: `credentials.${name}`, message }];
  });
  if (issues.length > 0) throw invalidInput(issues);
}

async function importedGateway(registry: Registry, principal: Principal, id: string): Promise<UpstreamRecord> {
  const row = await registry.upstreams.get(principal, id);
  if (row.transport === 'rest') return row;
  throw notForImports(row);
}

function notForImports({ name }: UpstreamRecord): ForgeError {
  return new ForgeError('conflict', `"${name}" is no gateway of a REST API: no document can be imported into it`);
}

function summaryOf({ config, ...result }: OpenApiResult, withSchemas: boolean) {
  return {
    title: result.title,
    revision: result.revision,
    url: result.url ?? null,
    servers: [...result.servers],
    operations: result.operations.map(({ name, method, path, operationId, tags, notes }, at) => {
      const about = { name, method, path, operationId: operationId ?? null, tags: [...tags], notes: [...notes] };
      return withSchemas ? { ...about, ...toolOf(config, at) } : about;
    }),
    skipped: result.skipped.map(({ method, path, operationId, reason }) => ({
      method,
      path,
      operationId: operationId ?? null,
      reason,
    })),
    unselected: result.unselected,
    credentials: result.schemes.map(({ name, type, needs, isBound, operations, problem }) => ({
      name,
      type,
      needs: needs.map((names) => [...names]),
      isBound,
      operations,
      problem: problem ?? null,
    })),
    notes: [...result.notes],
  };
}

function toolOf({ operations }: OpenApiConfig, at: number) {
  const { title, description, inputSchema, outputSchema, annotations } = operations[at] ?? {};
  return {
    title: title ?? null,
    description: description ?? null,
    inputSchema: inputSchema ?? null,
    outputSchema: outputSchema ?? null,
    annotations: annotations ?? null,
  };
}

/** Whether a path is one of a template: `/users/7`, or the template itself, of `/users/{id}`. */
function fits(template: string, path: string): boolean {
  const [wanted, steps] = [template, path].map((text) => text.replace(/\/$/, '').split('/'));
  return (
    wanted?.length === steps?.length &&
    wanted?.every((step, at) => /^\{.*\}$/.test(step) || step === steps?.[at]) === true
  );
}
