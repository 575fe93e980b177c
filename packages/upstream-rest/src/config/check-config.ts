/** @module Reads a configuration, and says what is wrong with it before anything is kept. */
import { type AddressPolicy, checkUpstreamUrl, ForgeError, type UpstreamRecord } from '@forge/core';
import { parseJson } from '@forge/protocol';
import { headerProblem, isHeaderValue } from '../request/header-rules.ts';
import { parsePath } from '../request/path.ts';
import { isAllowedHost } from '../hosts.ts';
import { firstIssue } from './issue.ts';
import type { RestConfig, RestCredential, RestOperation } from './operation.ts';
import { ConfigSchema, OperationSchema } from './schema.ts';

/**
 * Checks the configuration of an upstream.
 *
 * @throws ForgeError `validation_failed` naming the field, and what is wrong with it
 */
export function checkConfig(record: UpstreamRecord, addresses: AddressPolicy): RestConfig {
  if (record.config === undefined) throw invalid('config', 'is missing: it has the operations');
  const parsed = ConfigSchema.safeParse(parseJson(record.config), { reportInput: true });
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error);
    throw invalid(field === '' ? 'config' : `config.${field}`, message);
  }
  const config: RestConfig = parsed.data;
  const { operations, credentials = {} } = config;
  for (const [name, credential] of Object.entries(credentials)) {
    checkCredential(`config.credentials.${name}`, credential, record, addresses);
  }
  const names = new Set<string>();
  operations.forEach((operation, at) => {
    const field = `config.operations.${at}`;
    if (names.has(operation.name)) throw invalid(`${field}.name`, `"${operation.name}" stands twice`);
    names.add(operation.name);
    checkOperation(field, operation, credentials, new URL(record.url ?? ''));
  });
  return config;
}

/** Large ones are asked for again and again while a list of tools is shown. */
const read = new WeakMap<UpstreamRecord, RestConfig>();

/** A configuration that has been checked before. */
export function readConfig(record: UpstreamRecord): RestConfig {
  const known = read.get(record);
  if (known !== undefined) return known;
  const config = parseJson(record.config ?? '{"operations":[]}') as RestConfig;
  read.set(record, config);
  return config;
}

/** Why an operation of an upstream at `url` cannot be kept; `undefined`: it can. */
export function operationProblem(
  operation: RestOperation,
  credentials: Readonly<Record<string, RestCredential>>,
  url: URL,
): string | undefined {
  const parsed = OperationSchema.safeParse(operation, { reportInput: true });
  if (!parsed.success) {
    const { field, message } = firstIssue(parsed.error);
    return `${field}: ${message}`;
  }
  try {
    checkOperation('operation', operation, credentials, url);
    return undefined;
  } catch (error) {
    return ForgeError.from(error).message.replace(/^operation\./, '');
  }
}

function checkOperation(
  field: string,
  operation: RestOperation,
  credentials: Readonly<Record<string, RestCredential>>,
  url: URL,
): void {
  const { method, body, otherArguments, parameters = [], headers = {}, allowedHosts } = operation;
  for (const name of operation.credentials ?? []) {
    if (!Object.hasOwn(credentials, name)) throw invalid(`${field}.credentials`, `there is no credential "${name}"`);
  }
  for (const [name, value] of Object.entries(headers)) {
    const problem =
      headerProblem(name) ?? (isHeaderValue(value) ? undefined : 'has characters that a header cannot carry');
    if (problem !== undefined) throw invalid(`${field}.headers`, `"${name.slice(0, 60)}" ${problem}`);
  }
  parameters.forEach(({ in: place, argument, name = argument }, at) => {
    const problem = place === 'header' ? headerProblem(name) : undefined;
    if (problem !== undefined) throw invalid(`${field}.parameters.${at}.name`, `"${name.slice(0, 60)}" ${problem}`);
    if (place === 'cookie' && !/^[\w!#$%&'*+.^`|~-]+$/.test(name)) {
      throw invalid(`${field}.parameters.${at}.name`, 'is not the name of a cookie');
    }
  });
  checkPath(field, operation);
  checkBody(field, method, body, otherArguments);
  if (allowedHosts !== undefined && !isAllowedHost(allowedHosts, url)) {
    throw invalid(`${field}.allowedHosts`, `does not have the host of the tool itself, ${url.host}`);
  }
}

function checkPath(field: string, { path, parameters = [] }: RestOperation): void {
  const { names, texts } = parsePath(path);
  if (texts.some((text) => /[{}]/.test(text)) || names.includes('')) {
    throw invalid(`${field}.path`, 'has a brace that does not belong to a parameter such as {id}');
  }
  if (path.split('/').some((segment) => segment === '.' || segment === '..')) {
    throw invalid(`${field}.path`, 'must not have steps "." or ".."');
  }
  for (const { in: place, argument, name = argument } of parameters) {
    if (place === 'path' && !names.includes(name)) throw invalid(`${field}.path`, `has no {${name}}`);
  }
}

function checkBody(
  field: string,
  method: string,
  body: RestOperation['body'],
  others: RestOperation['otherArguments'],
): void {
  if (body === undefined) {
    if (others === 'body') throw invalid(`${field}.otherArguments`, 'is "body", and there is no body');
    return;
  }
  if (method === 'GET' || method === 'HEAD') throw invalid(`${field}.body`, `does not go with ${method}`);
  const isWhole = body.encoding === 'text' || body.encoding === 'binary';
  if (isWhole && body.argument === undefined)
    throw invalid(`${field}.body.argument`, `is missing for ${body.encoding}`);
  if (body.argument !== undefined && others === 'body') {
    throw invalid(`${field}.otherArguments`, 'is "body", and one argument is the whole body');
  }
  if (body.contentType !== undefined && !isHeaderValue(body.contentType)) {
    throw invalid(`${field}.body.contentType`, 'has characters that a header cannot carry');
  }
}

function checkCredential(
  field: string,
  credential: RestCredential,
  { secrets = {} }: UpstreamRecord,
  addresses: AddressPolicy,
): void {
  const secret = secretOf(credential);
  const value = Object.hasOwn(secrets, secret) ? secrets[secret] : undefined;
  if (value === undefined) throw invalid(field, `there is no secret "${secret}"; send it in "secrets"`);
  if (!isHeaderValue(value)) throw invalid(`secrets.${secret}`, 'has characters that a header cannot carry');
  if (credential.type === 'basic' && credential.username.includes(':')) {
    throw invalid(`${field}.username`, 'must not have a colon');
  }
  if (
    credential.type === 'apiKey' &&
    credential.in === 'header' &&
    /[^!#$%&'*+\-.^_`|~0-9A-Za-z]/.test(credential.name)
  ) {
    throw invalid(`${field}.name`, 'is not the name of a header');
  }
  if (credential.type !== 'oauth2') return;
  try {
    checkUpstreamUrl(credential.tokenUrl, { addresses });
  } catch (error) {
    throw invalid(`${field}.tokenUrl`, ForgeError.from(error).message.replace(/^url: /, ''));
  }
}

/** The name of a credential's secret. */
function secretOf(credential: RestCredential): string {
  if (credential.type === 'basic') return credential.password;
  if (credential.type === 'bearer') return credential.token;
  return credential.type === 'apiKey' ? credential.value : credential.clientSecret;
}

function invalid(field: string, message: string): ForgeError {
  return new ForgeError('validation_failed', `${field}: ${message}`, { data: { issues: [{ field, message }] } });
}
