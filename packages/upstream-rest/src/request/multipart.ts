/** @module multipart/form-data (RFC 7578). */
import { randomUUID } from 'node:crypto';
import { ArgumentError } from './arguments.ts';

/** One part; a file has a name of its own. */
export interface Part {
  readonly name: string;
  readonly filename?: string | undefined;
  readonly type?: string | undefined;
  readonly content: string | Uint8Array;
}

const TYPE = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(?:; ?[\w-]+="?[\w.-]+"?)*$/;

/** The body and its type, which names the boundary. @throws ArgumentError for a type that is none */
export function multipartBody(parts: readonly Part[]): { type: string; body: Uint8Array } {
  // Nobody can guess it, so no content can hold it.
  const boundary = `forge-${randomUUID()}`;
  const pieces = parts.flatMap(({ name, filename, type, content }) => {
    if (type !== undefined && !TYPE.test(type)) throw new ArgumentError(`"${name}" has a type that is none`);
    const file = filename === undefined ? '' : `; filename="${quoted(filename)}"`;
    const typeLine = type === undefined ? '' : `\r\nContent-Type: ${type}`;
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="${quoted(name)}"${file}${typeLine}\r\n\r\n`;
    return [Buffer.from(head), typeof content === 'string' ? Buffer.from(content) : content, Buffer.from('\r\n')];
  });
  return {
    type: `multipart/form-data; boundary=${boundary}`,
    body: Buffer.concat([...pieces, Buffer.from(`--${boundary}--\r\n`)]),
  };
}

/** As browsers do it (HTML, multipart form data). */
function quoted(text: string): string {
  return text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}
