/** @module What is sent besides the head. */
import type { JsonText } from '@forge/protocol';
import type { RestBody, RestField } from '../config/operation.ts';
import { ArgumentError, type Arguments } from './arguments.ts';
import { fromBase64 } from './base64.ts';
import { multipartBody, type Part } from './multipart.ts';
import { escapeAll, formPairs, scalarText } from './styles.ts';

/** A body and its type. */
export interface Content {
  readonly type: string;
  readonly body: string | Uint8Array;
}

const TYPES = {
  json: 'application/json',
  form: 'application/x-www-form-urlencoded',
  text: 'text/plain; charset=utf-8',
  binary: 'application/octet-stream',
} as const;

/**
 * The body, or `undefined` where what it is made of is left out.
 *
 * @param others arguments that are fields by their own names
 * @throws ArgumentError
 */
export function makeBody(body: RestBody, args: Arguments, others: Arguments): Content | undefined {
  const { encoding, argument } = body;
  if (argument === undefined) return ofFields(body, fieldsOf(body, args, others));
  const value = args.get(argument);
  if (value === undefined) return undefined;
  if (encoding === 'form' || encoding === 'multipart') {
    if (!value.isObject) throw new ArgumentError(`"${argument}" must be an object: its members are fields`);
    return ofFields(body, fieldsOf(body, value.members(), value.members()));
  }
  return { type: body.contentType ?? TYPES[encoding], body: whole(encoding, argument, value) };
}

interface Filled {
  readonly name: string;
  readonly argument: string;
  readonly field: RestField;
  readonly value: JsonText;
}

function fieldsOf({ fields = {} }: RestBody, args: Arguments, others: Arguments): Filled[] {
  const filled: Filled[] = [];
  for (const [argument, field] of Object.entries(fields)) {
    const value = args.get(argument);
    if (value !== undefined) filled.push({ name: field.name ?? argument, argument, field, value });
  }
  for (const [argument, value] of others) {
    if (!Object.hasOwn(fields, argument)) filled.push({ name: argument, argument, field: {}, value });
  }
  return filled;
}

function ofFields({ encoding, contentType, optional }: RestBody, fields: readonly Filled[]): Content | undefined {
  if (optional === true && fields.length === 0) return undefined;
  if (encoding === 'multipart') return multipartBody(fields.flatMap(partsOf));
  if (encoding === 'form') {
    return { type: contentType ?? TYPES.form, body: fields.flatMap(formFieldsOf).join('&') };
  }
  const members = fields.map(({ name, value }) => `${JSON.stringify(name)}:${value.text}`);
  return { type: contentType ?? TYPES.json, body: `{${members.join(',')}}` };
}

/** `name=value`, escaped. */
function formFieldsOf({ name, field, value }: Filled): string[] {
  if (field.style !== undefined) {
    return formPairs(value, field, name, escapeAll).map(([key, text]) => `${key}=${text}`);
  }
  if (value.text === 'null') return [];
  return valuesOf(value).map((text) => new URLSearchParams([[name, text]]).toString());
}

/** Arrays are fields that stand there several times. */
function valuesOf(value: JsonText): string[] {
  return Array.isArray(value.value) ? value.elements().map(scalarText) : [scalarText(value)];
}

function partsOf({ name, argument, field, value }: Filled): Part[] {
  const values = Array.isArray(value.value) ? value.elements() : [value];
  return values.map((one): Part => {
    if (field.file !== true) {
      return { name, type: field.contentType ?? (one.isObject ? TYPES.json : undefined), content: scalarText(one) };
    }
    const { bytes, type } = fromBase64(argument, one.value);
    const filename = field.filename ?? name;
    return { name, filename, type: field.contentType ?? type ?? TYPES.binary, content: bytes };
  });
}

function whole(encoding: 'json' | 'text' | 'binary', argument: string, value: JsonText): string | Uint8Array {
  if (encoding === 'json') return value.text;
  return encoding === 'text' ? scalarText(value) : fromBase64(argument, value.value).bytes;
}
