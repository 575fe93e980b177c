/**
 * @module Messages in the forms in which nearly all peers write them, read by one parse: what holds `params` or `result` is
 * known by the text around it, so that only what is inside has to be parsed, and nothing to be searched.
 */
import { JsonText, MAX_JSON_DEPTH, parseJson } from './json-text.ts';
import type { Message } from './message.ts';

const ID = String.raw`(-?(?:0|[1-9]\d*)|"[^"\\\u0000-\u001f]*")`;
/** `"method":"...","params":` or `"result":`, before an object. */
const HELD = String.raw`(?:"method":("[^"\\\u0000-\u001f]*"),"params"|"result"):(?=\{)`;
/** As the specification writes its examples. */
const AHEAD = new RegExp(String.raw`^\{"jsonrpc":"2\.0",(?:"id":${ID},)?${HELD}`);
/** As SDKs write that add the envelope to what they hold. */
const BARE = new RegExp(String.raw`^\{${HELD}`);
const ENVELOPE = ',"jsonrpc":"2.0"';
const BEHIND = new RegExp(String.raw`${ENVELOPE.replace('.', String.raw`\.`)}(?:,"id":${ID})?\}$`, 'y');

/**
 * Reads a message of such a form; `undefined` for every other text, be it a message or not.
 *
 * What is between the envelope's parts is JSON of its own, so there can be no other member beside it, nor the same one twice.
 */
export function readPlain(text: string): Message | undefined {
  const ahead = AHEAD.exec(text);
  if (ahead !== null) {
    const [head, id, method] = ahead;
    return text.endsWith('}') ? held(method, id, text.slice(head.length, -1)) : undefined;
  }
  const bare = BARE.exec(text);
  if (bare === null) return undefined;
  BEHIND.lastIndex = text.lastIndexOf(ENVELOPE);
  const behind = BEHIND.lastIndex < 0 ? null : BEHIND.exec(text);
  return behind === null ? undefined : held(bare[1], behind[1], text.slice(bare[0].length, behind.index));
}

function held(method: string | undefined, id: string | undefined, text: string): Message | undefined {
  if (method === undefined && id === undefined) return undefined; // a result of nothing
  const json = parsed(text);
  if (json === undefined) return undefined;
  if (method === undefined) return { kind: 'response', id, result: json };
  const name = method.slice(1, -1);
  if (id === undefined) return { kind: 'notification', method: name, params: json };
  return { kind: 'request', id, method: name, params: json };
}

function parsed(text: string): JsonText | undefined {
  if (!text.endsWith('}')) return undefined; // white space
  try {
    return new JsonText(text, parseJson(text, MAX_JSON_DEPTH - 1));
  } catch {
    return undefined; // what is wrong with it is said by who reads any message
  }
}
