/** @module What the gRPC server has to say: the results of the raw responder as protobuf messages. */
import { RESULT_BYTES, RESULT_SIZES, type ResultSize } from '../cells.ts';
import { toolName } from './fixture.ts';

const METHODS = RESULT_SIZES.map((size) => `rpc ${toolName(size)}(Request) returns (Reply);`);

/** The service, for whoever has to know it. */
export const BENCH_PROTO = `syntax = "proto3";
package bench;
service Bench { ${METHODS.join(' ')} }
message Request { string query = 1; int32 limit = 2; }
message Reply { string text = 1; }`;

/** The path of the method that answers with a result of a size. */
export function grpcPath(size: ResultSize): string {
  return `/bench.Bench/${toolName(size)}`;
}

/** A `Request` with the arguments that all tools here are called with. */
export function grpcRequest(): Buffer {
  return Buffer.concat([textMember('the quick brown fox'), Buffer.of(0x10, 10)]);
}

/** A `Reply` of about that size. */
export function grpcReply(size: ResultSize): Buffer {
  const line = 'The "quick" brown fox jumps over the lazy dog, 0123456789 times.\n';
  const bytes = RESULT_BYTES[size];
  return textMember(line.repeat(Math.ceil(bytes / line.length)).slice(0, bytes));
}

/** The member 1 of a message. */
function textMember(text: string): Buffer {
  const length: number[] = [];
  for (let left = text.length; left > 0; left >>>= 7) length.push((left & 0x7f) | (left > 0x7f ? 0x80 : 0));
  return Buffer.concat([Buffer.of(0x0a, ...length), Buffer.from(text, 'latin1')]);
}
