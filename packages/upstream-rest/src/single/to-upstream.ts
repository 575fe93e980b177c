/** @module Makes an upstream of one operation out of what is said about a single tool, and changes it. */
import { ForgeError, MASK, type SecretHeader, type UpstreamInput, type UpstreamRecord } from '@forge/core';
import { readConfig } from '../config/check-config.ts';
import {
  METHODS,
  type RestBody,
  type RestConfig,
  type RestFilter,
  type RestMethod,
  type RestOperation,
} from '../config/operation.ts';
import { address } from './address.ts';
import { DEFAULT_TIMEOUT_MS, type SingleToolAuth, type SingleToolFields } from './fields.ts';
import { schemaProblem } from './schema-problem.ts';
import { fieldsOf } from './view.ts';

/** What the upstream of a single tool is made of. */
export type SingleToolInput = Required<Pick<UpstreamInput, 'url' | 'config' | 'headers' | 'secrets'>>;

const NO_ARGUMENTS = { type: 'object', properties: {} };
/** Headers that are no secrets, whatever is in them. All others are sealed. */
const HARMLESS: ReadonlySet<string> = new Set(['accept', 'accept-language', 'user-agent', 'prefer', 'cache-control']);
/** The name of the one credential, and of its secret. */
const CREDENTIAL = 'auth';

/**
 * The upstream of a new tool, or of a changed one: then what is absent stays, and {@link MASK} stands for stored secrets.
 *
 * @throws ForgeError `validation_failed` naming the field
 */
export function toSingleToolUpstream(
  given: SingleToolFields,
  auth: SingleToolAuth | undefined,
  current?: UpstreamRecord,
): SingleToolInput {
  for (const field of ['inputSchema', 'outputSchema'] as const) checkSchema(field, given[field]);
  const before = current && fieldsOf(current);
  const fields: SingleToolFields = { ...before, ...withAddress(given), name: before?.name ?? given.name };
  const { url, path, query } = address(fields);
  const { contentType, open, sealed } = sortHeaders(fields.headers ?? {});
  const config: RestConfig = {
    isSingleTool: true,
    operations: [operationOf(fields, path, query, open, contentType)],
    credentials: auth === undefined ? current && readConfig(current).credentials : credentialsOf(auth),
  };
  const authHeaders = auth === undefined ? kept(current, sealed) : auth.type === 'headers' ? auth.headers : [];
  return {
    url,
    config: JSON.stringify(config),
    headers: [...authHeaders, ...sealed],
    secrets: auth === undefined ? masked(current) : secretsOf(auth),
  };
}

function checkSchema(field: string, schema: unknown): void {
  const problem = schema === undefined ? undefined : schemaProblem(schema);
  if (problem !== undefined) throw invalid(`${field}${problem.at}`.slice(0, 200), problem.message);
}

/** A new address takes the place of the old one as a whole. */
function withAddress(given: SingleToolFields): SingleToolFields {
  const { url, baseUrl, pathTemplate, ...rest } = given;
  const defined = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  if (url !== undefined) return { ...defined, name: given.name, url, baseUrl, pathTemplate };
  const parts = { ...(baseUrl !== undefined && { baseUrl }), ...(pathTemplate !== undefined && { pathTemplate }) };
  return { ...defined, ...parts, name: given.name };
}

function operationOf(
  fields: SingleToolFields,
  path: string,
  query: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  contentType: string | undefined,
): RestOperation {
  const { queryMapping = {}, headerMapping = {}, jsonpathFilter, allowlist = [] } = fields;
  const method = methodOf(fields.requestType);
  const body = bodyOf(method, contentType);
  const mapsQuery = Object.keys(queryMapping).length > 0;
  const parameters = [
    ...Object.entries(queryMapping).map(([argument, name]) => ({ argument, name, in: 'query' as const })),
    ...Object.entries(headerMapping).map(([argument, name]) => ({ argument, name, in: 'header' as const })),
  ];
  return {
    name: fields.name,
    title: fields.title || undefined,
    description: fields.description || undefined,
    inputSchema: { ...NO_ARGUMENTS, ...fields.inputSchema },
    outputSchema: fields.outputSchema,
    annotations: isEmpty(fields.annotations) ? undefined : fields.annotations,
    method,
    path,
    query: isEmpty(query) ? undefined : query,
    headers: isEmpty(headers) ? undefined : headers,
    parameters: parameters.length === 0 ? undefined : parameters,
    body,
    otherArguments: body === undefined ? (mapsQuery ? 'ignore' : 'query') : 'body',
    filter: jsonpathFilter ? filterOf(jsonpathFilter.trim()) : undefined,
    timeoutMs: fields.timeoutMs ?? DEFAULT_TIMEOUT_MS,
    allowedHosts: allowlist.length === 0 ? undefined : allowlist,
    exposePassthrough: fields.exposePassthrough,
  };
}

function methodOf(requestType = 'POST'): RestMethod {
  const method = METHODS.find((one) => one === requestType.toUpperCase());
  if (method !== undefined) return method;
  throw invalid('requestType', `must be one of ${METHODS.join(', ')} for a REST tool`);
}

function bodyOf(method: RestMethod, contentType: string | undefined): RestBody | undefined {
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined;
  const type = contentType?.split(';', 1)[0]?.trim().toLowerCase();
  const optional = method === 'DELETE' ? true : undefined;
  if (type === 'application/x-www-form-urlencoded') return { encoding: 'form', optional };
  if (type === 'multipart/form-data') return { encoding: 'multipart', optional };
  return { encoding: 'json', contentType: type === 'application/json' ? undefined : contentType, optional };
}

/** A filter as it is written: JSONPath begins with `$`, everything else is jq. */
export function filterOf(expression: string): RestFilter {
  return { language: /^\$(?:$|[.[\s])/.test(expression) ? 'jsonpath' : 'jq', expression };
}

function sortHeaders(headers: Readonly<Record<string, string>>) {
  const open: Record<string, string> = {};
  const sealed: SecretHeader[] = [];
  let contentType: string | undefined;
  for (const [name, value] of Object.entries(headers)) {
    const key = name.toLowerCase();
    if (key === 'content-type') contentType = value;
    else if (HARMLESS.has(key)) open[name] = value;
    else sealed.push({ name, value });
  }
  return { contentType, open, sealed };
}

/** Stored headers that are not given anew, by their names: their values stay in the registry. */
function kept(current: UpstreamRecord | undefined, given: readonly SecretHeader[]): readonly SecretHeader[] {
  const names = new Set(given.map(({ name }) => name.toLowerCase()));
  return (current?.headers ?? [])
    .filter(({ name }) => !names.has(name.toLowerCase()))
    .map(({ name }) => ({ name, value: MASK }));
}

function masked(current: UpstreamRecord | undefined): Record<string, string> {
  return Object.fromEntries(Object.keys(current?.secrets ?? {}).map((name) => [name, MASK]));
}

function credentialsOf(auth: SingleToolAuth): RestConfig['credentials'] {
  if (auth.type === 'headers') return undefined;
  if (auth.type === 'query')
    return { [CREDENTIAL]: { type: 'apiKey', in: 'query', name: auth.name, value: CREDENTIAL } };
  return { [CREDENTIAL]: { ...auth, type: 'oauth2', clientSecret: CREDENTIAL } };
}

function secretsOf(auth: SingleToolAuth): Record<string, string> {
  if (auth.type === 'headers') return {};
  return { [CREDENTIAL]: auth.type === 'query' ? auth.value : auth.clientSecret };
}

function isEmpty(object: object | undefined): boolean {
  return object === undefined || Object.keys(object).length === 0;
}

function invalid(field: string, message: string): ForgeError {
  return new ForgeError('validation_failed', `${field}: ${message}`, { data: { issues: [{ field, message }] } });
}
