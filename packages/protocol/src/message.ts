/**
 * @module The JSON-RPC 2.0 envelope, read and written around text that stays as it came: ids, `params`, `result` and
 * `data` are never parsed here and never serialised again.
 */
import { ForgeError } from './errors.ts';
import type { RpcError } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { readPlain } from './plain-message.ts';

/** Messages in one batch at most (batches exist in 2025-03-26 only). */
export const MAX_BATCH = 100;

/** Answers of upstreams above this many characters are scanned, but not parsed. */
const SCAN_ONLY_ABOVE = 32_768;

/** A request. The `id` is its raw JSON, a string or an integer, so that it echoes to the character. */
export interface RequestMessage {
  readonly kind: 'request';
  readonly id: string;
  readonly method: string;
  readonly params?: JsonText | undefined;
}

/** A notification. */
export interface NotificationMessage {
  readonly kind: 'notification';
  readonly method: string;
  readonly params?: JsonText | undefined;
}

/** A response: `result` or `error`. Only an error may be without an `id`. */
export interface ResponseMessage {
  readonly kind: 'response';
  readonly id: string | undefined;
  readonly result?: JsonText | undefined;
  readonly error?: RpcError | undefined;
}

/** One JSON-RPC message. */
export type Message = RequestMessage | NotificationMessage | ResponseMessage;

/**
 * Reads one message. Only its members are looked at; what they hold is the reader's to parse.
 *
 * @throws ForgeError `invalid_request` naming the member that is wrong; `parse_error` where the text is no JSON after all.
 */
export function readMessage(text: JsonText): Message {
  if (!text.isObject) throw invalid('a message must be an object');
  checkUnique(text);
  if (text.member('jsonrpc')?.text !== '"2.0"') throw invalid('jsonrpc must be "2.0"');
  return text.has('method') ? readCall(text) : readResponse(text);
}

/**
 * Reads what a client sent: one message, or a batch.
 *
 * @throws ForgeError `parse_error` when it is not JSON, `invalid_request` when it is no message.
 */
export function readBody(text: string): Message | Message[] {
  return readPlain(text) ?? readParsed(JsonText.parse(text));
}

/**
 * Reads what an upstream sent. A large result costs one scan and no parse, so whether its values are JSON to the last
 * character is left to whoever reads them; a small one is parsed, however much stands around it. What an upstream says or
 * asks by itself is parsed, because it is read where nobody waits for an error.
 *
 * @throws ForgeError like {@link readBody}.
 */
export function readUpstreamBody(text: string): Message | Message[] {
  if (text.length <= SCAN_ONLY_ABOVE) return readBody(text);
  const read = readParsed(new JsonText(text.trim()));
  const messages = Array.isArray(read) ? read : [read];
  return messages.every(isLargeResponse) ? read : readBody(text);
}

function isLargeResponse(message: Message): boolean {
  if (message.kind !== 'response') return false;
  return message.result === undefined || message.result.text.length > SCAN_ONLY_ABOVE;
}

/** The `id` that an error about this body must carry, as raw JSON, where one can be made out. Never throws. */
export function peekId(body: string): string | undefined {
  try {
    const message = JsonText.parse(body);
    checkUnique(message);
    const isResponse = message.has('result') || message.has('error');
    const id = message.member('id')?.text;
    return id !== undefined && !isResponse && isId(id) ? id : undefined;
  } catch {
    return undefined; // a body without a usable id is an ordinary case: JSON-RPC answers it with a null id
  }
}

/** A request on the wire, on one line. `id` is raw JSON. */
export function formatRequest(id: string, method: string, params?: JsonText): string {
  return oneLine(`{"jsonrpc":"2.0","id":${id},"method":${JSON.stringify(method)}${paramsMember(params)}}`);
}

/** A notification on the wire, on one line. */
export function formatNotification(method: string, params?: JsonText): string {
  return oneLine(`{"jsonrpc":"2.0","method":${JSON.stringify(method)}${paramsMember(params)}}`);
}

/** A result on the wire, on one line. `id` is raw JSON. */
export function formatResult(id: string, result: JsonText): string {
  return oneLine(`{"jsonrpc":"2.0","id":${id},"result":${result.text}}`);
}

/** An error on the wire, on one line. `id` is raw JSON; `undefined` becomes `null`. */
export function formatError(id: string | undefined, error: RpcError): string {
  const data = error.data === undefined ? '' : `,"data":${error.data.text}`;
  const object = `{"code":${error.code},"message":${JSON.stringify(error.message)}${data}}`;
  return oneLine(`{"jsonrpc":"2.0","id":${id ?? 'null'},"error":${object}}`);
}

function readParsed(json: JsonText): Message | Message[] {
  if (!json.text.startsWith('[')) return readMessage(json);
  const elements = json.elements();
  if (elements.length === 0) throw invalid('a batch must not be empty');
  if (elements.length > MAX_BATCH) throw invalid(`a batch may have at most ${MAX_BATCH} messages`);
  return elements.map(readMessage);
}

/** Peers disagree on which of two equal members counts, so there may be no two. */
function checkUnique(text: JsonText): void {
  if (text.hasRepeats) throw invalid('a member stands there twice');
}

function readCall(text: JsonText): RequestMessage | NotificationMessage {
  if (text.has('result') || text.has('error')) throw invalid('method stands next to result or error');
  const method = text.member('method')?.value;
  if (typeof method !== 'string') throw invalid('method must be a string');
  const params = text.member('params');
  if (params !== undefined && !params.isObject) throw invalid('params must be an object');
  const id = text.member('id');
  if (id === undefined) return { kind: 'notification', method, params };
  if (!isId(id.text)) throw invalid('id must be a string or an integer');
  return { kind: 'request', id: id.text, method, params };
}

function readResponse(text: JsonText): ResponseMessage {
  const id = text.member('id')?.text;
  const result = text.member('result');
  const error = text.member('error');
  if (result === undefined && error === undefined) throw invalid('method is missing');
  if (result !== undefined && error !== undefined) throw invalid('result stands next to error');
  if (id !== undefined && isId(id)) {
    return { kind: 'response', id, result, error: error && readError(error) };
  }
  if (error === undefined || (id !== undefined && id !== 'null')) throw invalid('id must be a string or an integer');
  return { kind: 'response', id: undefined, error: readError(error) };
}

function readError(text: JsonText): RpcError {
  if (!text.isObject) throw invalid('error must be an object');
  const { code, message } = text.value as { code?: unknown; message?: unknown }; // parsed as a whole, `data` with it
  if (!Number.isInteger(code)) throw invalid('error.code must be an integer');
  if (typeof message !== 'string') throw invalid('error.message must be a string');
  return { code: code as number, message, data: text.member('data') };
}

/** Some peers write integers as `1.0`. */
function isId(raw: string): boolean {
  return raw.startsWith('"') || /^-?\d+(?:\.0+)?$/.test(raw);
}

function paramsMember(params: JsonText | undefined): string {
  return params === undefined ? '' : `,"params":${params.text}`;
}

/** Line breaks in JSON are mere white space, but they would end a message on stdio. */
function oneLine(text: string): string {
  return text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\r\n]/g, ' ') : text;
}

function invalid(what: string): ForgeError {
  return new ForgeError('invalid_request', `Not a JSON-RPC message: ${what}`);
}
