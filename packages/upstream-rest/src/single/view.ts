/** @module A single tool's upstream in the words of ContextForge again. */
import { MASK, type UpstreamRecord } from '@forge/core';
import { readConfig } from '../config/check-config.ts';
import type { RestOperation } from '../config/operation.ts';
import { joinAddress } from './address.ts';
import type { SingleToolAuth, SingleToolFields } from './fields.ts';

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  form: 'application/x-www-form-urlencoded',
  multipart: 'multipart/form-data',
};

/** Whether an upstream is a tool that was registered by itself. */
export function isSingleTool(record: UpstreamRecord): boolean {
  return record.transport === 'rest' && readConfig(record).isSingleTool === true;
}

/** What can be told of any REST tool; `undefined` where the upstream has no such operation. */
export function fieldsOfTool(record: UpstreamRecord, name: string): SingleToolFields | undefined {
  const operation = readConfig(record).operations.find((one) => one.name === name);
  return operation && toFields(record, operation);
}

/** What can be told of a single tool. */
export function fieldsOf(record: UpstreamRecord): SingleToolFields {
  const [operation] = readConfig(record).operations;
  return toFields(record, operation as RestOperation);
}

/** How the gateway proves itself, every secret masked; `undefined` where it does not. */
export function authOfTool(record: UpstreamRecord): SingleToolAuth | undefined {
  const [credential] = Object.values(readConfig(record).credentials ?? {});
  if (credential?.type === 'apiKey') return { type: 'query', name: credential.name, value: MASK };
  if (credential?.type === 'oauth2') return { ...credential, type: 'oauth', clientSecret: MASK };
  const headers = record.headers.map(({ name }) => ({ name, value: MASK }));
  return headers.length === 0 ? undefined : { type: 'headers', headers };
}

function toFields({ url = '' }: UpstreamRecord, operation: RestOperation): SingleToolFields {
  const { name, title, description, inputSchema, outputSchema, annotations, method, path, query, timeoutMs } =
    operation;
  return {
    name,
    title,
    description,
    url: joinAddress(url, path, query),
    baseUrl: url.replace(/\/$/, ''),
    pathTemplate: path,
    requestType: method,
    inputSchema,
    outputSchema,
    annotations,
    headers: headersOf(operation),
    jsonpathFilter: operation.filter?.expression ?? '',
    queryMapping: mapping(operation, 'query'),
    headerMapping: mapping(operation, 'header'),
    timeoutMs,
    allowlist: operation.allowedHosts ?? [],
    exposePassthrough: operation.exposePassthrough ?? true,
  };
}

/** Those that are no secrets. */
function headersOf({ headers, body }: RestOperation): Readonly<Record<string, string>> {
  const contentType = body && (body.contentType ?? CONTENT_TYPES[body.encoding]);
  return { ...headers, ...(contentType !== undefined && { 'Content-Type': contentType }) };
}

function mapping({ parameters = [] }: RestOperation, place: 'query' | 'header'): Readonly<Record<string, string>> {
  return Object.fromEntries(
    parameters.flatMap((one) => (one.in === place ? [[one.argument, one.name ?? one.argument]] : [])),
  );
}
