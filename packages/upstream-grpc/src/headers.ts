/** @module Headers that become metadata. */
import { ForgeError } from '@forge/protocol';

/** By name, in lower case; those that end in `-bin` in base64. */
export type Headers = Readonly<Record<string, string>>;

const NAME = /^[0-9a-z_.-]+$/;
const TEXT = /^[\x20-\x7e]*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/**
 * Whether metadata can carry these headers.
 *
 * @throws ForgeError `validation_failed` naming the header, never its value
 */
export function checkHeaders(headers: Headers): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!NAME.test(name)) throw invalid(name, 'has characters that a name of metadata cannot have');
    if (name.startsWith('grpc-')) throw invalid(name, 'cannot be set: gRPC writes it itself');
    if (!isValue(name, value)) throw invalid(name, 'has a value that metadata cannot carry');
  }
}

/** Whether metadata can carry a value under a name. */
export function isValue(name: string, value: string): boolean {
  return (name.endsWith('-bin') ? BASE64 : TEXT).test(value);
}

function invalid(name: string, reason: string): ForgeError {
  return new ForgeError('validation_failed', `headers: "${name.slice(0, 100)}" ${reason}`);
}
