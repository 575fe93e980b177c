/**
 * @module Outcomes carried from one era to the other where their forms differ. Text is edited member by member; an
 * outcome that has the wanted form already is returned as it is.
 */
import { passingExtensions } from './capabilities.ts';
import { ForgeError } from './errors.ts';
import type { Outcome, RpcError } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { toRpcError } from './outcome.ts';
import { needsTasks } from './tasks.ts';
import type { Era } from './versions.ts';

/** Methods whose modern results say how long they may be remembered (2026-07-28, `CacheableResult`). */
const CACHEABLE = new Set([
  'server/discover',
  'tools/list',
  'prompts/list',
  'resources/list',
  'resources/templates/list',
  'resources/read',
]);

/** Methods that may be answered by `input_required` (2026-07-28, Multi Round-Trip Requests). */
export const ASKING: ReadonlySet<string> = new Set(['tools/call', 'prompts/get', 'resources/read']);

const EMPTY = new JsonText('{}');
const INVALID_PARAMS = -32602;
const INTERNAL_ERROR = -32603;
/** Legacy only. */
const RESOURCE_NOT_FOUND = -32002;
/** Legacy only. */
const URL_ELICITATION_REQUIRED = -32042;
/** Modern only, as are the two that follow. */
const HEADER_MISMATCH = -32020;
const MISSING_CLIENT_CAPABILITY = -32021;
const UNSUPPORTED_VERSION = -32022;

/** An outcome for a modern client. */
export function toModern(outcome: Outcome, method: string): Outcome {
  if (outcome.era === 'modern') return outcome;
  if (outcome.error !== undefined) return errorToModern(outcome.error, method);
  const result = method === 'tools/list' ? withTools(outcome.result, toModernTool) : outcome.result;
  if (!result.isObject) return failed('modern', 'The result is not an object');
  const hints = CACHEABLE.has(method) ? { ttlMs: '0', cacheScope: '"private"' } : {};
  return { era: 'modern', result: result.with({ resultType: '"complete"', ...hints }) };
}

/** An outcome for a legacy client. */
export function toLegacy(outcome: Outcome, method: string): Outcome {
  if (outcome.era === 'legacy') return outcome;
  if (outcome.error !== undefined) return { era: 'legacy', error: errorToLegacy(outcome.error) };
  const type = outcome.result.member('resultType')?.text ?? '"complete"';
  // What can be asked has been: see legacy-rounds.ts.
  if (type === '"input_required"') return failed('legacy', 'The server asks for input in a place where it must not');
  if (type === '"task"') return { era: 'legacy', error: errorToLegacy(toRpcError(needsTasks())) };
  if (type !== '"complete"')
    return failed('legacy', `The answer needs an extension of the protocol (resultType ${type.slice(0, 40)})`);
  return { era: 'legacy', result: resultToLegacy(outcome.result, method) };
}

/** A tool's definition for modern clients; `undefined` for one that only runs as a task of 2025-11-25. */
export function toModernTool(tool: JsonText): JsonText | undefined {
  const execution = tool.member('execution');
  if (execution === undefined) return tool;
  return execution.member('taskSupport')?.text === '"required"' ? undefined : tool.with({ execution: undefined });
}

/**
 * A tool's definition for legacy clients, whose structured content is an object: a schema of something else describes
 * the member `result` of it. A schema that may or may not be of an object is left out, as it fits neither form.
 */
export function toLegacyTool(tool: JsonText): JsonText {
  const schema = tool.member('outputSchema');
  const type = schema?.member('type')?.value;
  if (schema === undefined || type === 'object') return tool;
  return tool.with({ outputSchema: typeof type === 'string' ? wrapSchema(schema) : undefined });
}

/** Server capabilities for modern clients: without the tasks of 2025-11-25, which are not bridged. */
export function toModernCapabilities(capabilities: JsonText): JsonText {
  return without(capabilities, 'tasks');
}

/** Server capabilities for legacy clients: of the extensions, those that are older than the modern era. */
export function toLegacyCapabilities(capabilities: JsonText): JsonText {
  if (capabilities.member('extensions') === undefined) return capabilities;
  const passing = passingExtensions(capabilities);
  const extensions = Object.keys(passing).length === 0 ? undefined : EMPTY.with(passing).text;
  return capabilities.with({ extensions });
}

function resultToLegacy(result: JsonText, method: string): JsonText {
  if (method === 'tools/list') {
    const listed = withTools(result, toLegacyTool);
    return without(listed, 'resultType', 'ttlMs', 'cacheScope');
  }
  if (CACHEABLE.has(method)) return without(result, 'resultType', 'ttlMs', 'cacheScope');
  const content = method === 'tools/call' ? result.member('structuredContent') : undefined;
  if (content === undefined || content.isObject) return without(result, 'resultType');
  return result.with({ resultType: undefined, structuredContent: `{"result":${content.text}}` });
}

function errorToModern(error: RpcError, method: string): Outcome {
  if (error.code === RESOURCE_NOT_FOUND) return { era: 'modern', error: { ...error, code: INVALID_PARAMS } };
  if (error.code === URL_ELICITATION_REQUIRED) return urlElicitationToModern(error, method);
  return { era: 'modern', error };
}

/** The client visits the URLs and sends its request again, which needs no state of ours. */
function urlElicitationToModern(error: RpcError, method: string): Outcome {
  const asked = error.data?.member('elicitations')?.elements() ?? [];
  if (!ASKING.has(method) || asked.length === 0 || !asked.every((params) => params.isObject)) {
    return { era: 'modern', error: { ...error, code: INTERNAL_ERROR } };
  }
  const requests = asked.map((params, index) => {
    const text = without(params, 'elicitationId').with({ mode: '"url"' }).text;
    return `"url_${index}":{"method":"elicitation/create","params":${text}}`;
  });
  const result = new JsonText(`{"resultType":"input_required","inputRequests":{${requests.join(',')}}}`);
  return { era: 'modern', result };
}

function errorToLegacy(error: RpcError): RpcError {
  switch (error.code) {
    case MISSING_CLIENT_CAPABILITY:
      return { ...error, code: INVALID_PARAMS, message: namingExtensions(error) };
    case HEADER_MISMATCH:
    case UNSUPPORTED_VERSION:
      return { ...error, code: INTERNAL_ERROR };
    default:
      return error;
  }
}

/** Which extensions are missing stands in `data`; what a legacy client shows is the message. */
function namingExtensions({ message, data }: RpcError): string {
  const needed = data?.member('requiredCapabilities')?.member('extensions')?.names() ?? [];
  const unnamed = needed.filter((name) => !message.includes(name));
  return unnamed.length === 0 ? message : `${message}: ${unnamed.join(', ')}`;
}

/** The list with each tool converted; the same text where none changes. */
function withTools(list: JsonText, convert: (tool: JsonText) => JsonText | undefined): JsonText {
  const tools = list.member('tools')?.elements() ?? [];
  const converted = tools.map(convert);
  if (converted.every((tool, index) => tool === tools[index])) return list;
  return list.with({ tools: `[${converted.flatMap((tool) => tool?.text ?? []).join(',')}]` });
}

/** References within the schema follow it to its new place, unless an `$id` makes it a document of its own. */
function wrapSchema(schema: JsonText): string {
  const dialect = schema.member('$schema');
  const moved =
    schema.member('$id') === undefined
      ? schema.text.replaceAll(/("\$(?:ref|dynamicRef)"\s*:\s*"#)(?=["/])/g, '$1/properties/result')
      : schema.text;
  const head = dialect === undefined ? '' : `"$schema":${dialect.text},`;
  return `{${head}"type":"object","properties":{"result":${moved}},"required":["result"]}`;
}

function without(object: JsonText, ...names: string[]): JsonText {
  const present = object.names();
  if (!names.some((name) => present.includes(name))) return object;
  return object.with(Object.fromEntries(names.map((name) => [name, undefined])));
}

function failed(era: Era, message: string): Outcome {
  return { era, error: toRpcError(new ForgeError('upstream_error', message)) };
}
