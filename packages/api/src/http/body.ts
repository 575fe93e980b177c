/** @module Reads request bodies: JSON, bounded in bytes and depth. */
import { ForgeError } from '@forge/core';
import { Bytes, JsonText } from '@forge/protocol';

/**
 * The body as JSON text; an empty one is `{}`.
 *
 * @throws ForgeError `unsupported_media_type`, `payload_too_large` (before more than `maxBytes` are held), `parse_error`
 */
export async function readJson(request: Request, maxBytes: number): Promise<JsonText> {
  const declared = Number(request.headers.get('content-length') ?? 0);
  if (declared > maxBytes) throw tooLarge(maxBytes);
  const bytes = await readBytes(request, maxBytes);
  if (bytes.length === 0) return new JsonText('{}');
  checkMediaType(request.headers);
  return JsonText.parse(decode(bytes));
}

/** The second one is that of A2A over HTTP+JSON. */
const JSON_TYPES: ReadonlySet<string> = new Set(['application/json', 'application/a2a+json']);

/** Only what a browser does not send across origins without asking first (so a form cannot be made to pass as JSON). */
function checkMediaType(headers: Headers): void {
  const encoding = headers.get('content-encoding') ?? 'identity';
  if (encoding !== 'identity') throw new ForgeError('unsupported_media_type', 'Content-Encoding must be absent');
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';');
  const charset = parameters.map((part) => part.trim()).find((part) => part.startsWith('charset='));
  const isUtf8 = charset === undefined || /^charset="?utf-?8"?$/.test(charset);
  if (!JSON_TYPES.has(type.trim()) || !isUtf8) throw new ForgeError('unsupported_media_type');
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const bytes = new Bytes();
  const reader = request.body?.getReader();
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    if (bytes.length + read.value.length > maxBytes) {
      await reader?.cancel();
      throw tooLarge(maxBytes);
    }
    bytes.push(read.value);
  }
  return bytes.all;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new ForgeError('parse_error', 'The body is not UTF-8', { cause });
  }
}

function tooLarge(maxBytes: number): ForgeError {
  return new ForgeError('payload_too_large', `The body has more than ${maxBytes} bytes`);
}
