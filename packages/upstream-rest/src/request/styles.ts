/** @module How values are written into paths, queries, headers and cookies: the styles of OpenAPI 3.1 (Style Values). */
import type { JsonText } from '@forge/protocol';
import type { RestParameter } from '../config/operation.ts';

/** A name and a value, as they are sent. */
export type Pair = readonly [name: string, value: string];

type Encode = (text: string) => string;

/** A value in one piece: text as it is, numbers digit by digit, everything else as JSON. */
export function scalarText(value: JsonText): string {
  const plain = value.value;
  return typeof plain === 'string' ? plain : value.text;
}

/** A value in the path or a header: `simple`, `a,b` or `k,v` or (exploded) `k=v`. */
export function simpleText(value: JsonText, explode: boolean, encode: Encode): string {
  if (Array.isArray(value.value)) return value.elements().map(scalarText).map(encode).join(',');
  if (!value.isObject) return encode(scalarText(value));
  return membersOf(value, encode)
    .map(([key, text]) => (explode ? `${key}=${text}` : `${key},${text}`))
    .join(',');
}

/** A value in the query or in cookies, by its style. */
export function formPairs(
  value: JsonText,
  parameter: Pick<RestParameter, 'style' | 'explode'>,
  name: string,
  encode: Encode,
): Pair[] {
  if (value.text === 'null') return []; // RFC 6570, 2.3: it is not there
  const { style = 'form', explode = style === 'form' || style === 'deepObject' } = parameter;
  if (style === 'deepObject') return deepPairs(value, encode(name), encode);
  const join = style === 'spaceDelimited' ? '%20' : style === 'pipeDelimited' ? '%7C' : ',';
  if (Array.isArray(value.value)) {
    const texts = value.elements().map(scalarText).map(encode);
    if (explode) return texts.map((text) => [encode(name), text]);
    return texts.length === 0 ? [] : [[encode(name), texts.join(join)]];
  }
  if (!value.isObject) return [[encode(name), encode(scalarText(value))]];
  const members = membersOf(value, encode);
  if (explode) return members;
  return members.length === 0 ? [] : [[encode(name), members.flat().join(join)]];
}

/**
 * `name[key][key]=value`; the brackets are escaped, as URLs want it. OpenAPI does not say what becomes of arrays: here they
 * have numbers for keys, which the servers that read such names take.
 */
function deepPairs(value: JsonText, name: string, encode: Encode): Pair[] {
  if (Array.isArray(value.value)) {
    return value.elements().flatMap((element, at) => deepPairs(element, `${name}%5B${at}%5D`, encode));
  }
  if (!value.isObject) return [[name, encode(scalarText(value))]];
  return [...value.members()].flatMap(([key, member]) => deepPairs(member, `${name}%5B${encode(key)}%5D`, encode));
}

function membersOf(value: JsonText, encode: Encode): Pair[] {
  return [...value.members()].map(([key, member]) => [encode(key), encode(scalarText(member))]);
}

/** Escapes everything but what RFC 3986 leaves unreserved. */
export function escapeAll(text: string): string {
  return encodeURIComponent(wellFormed(text)).replaceAll(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Leaves reserved characters, but for those that would end the value: `& # + =` and the percent sign. */
export function escapeReserved(text: string): string {
  return encodeURI(wellFormed(text)).replaceAll(/[&#+=]/g, encodeURIComponent);
}

/** Halves of characters cannot be escaped. */
function wellFormed(text: string): string {
  return text.replaceAll(/\p{Cs}/gu, '\ufffd');
}
