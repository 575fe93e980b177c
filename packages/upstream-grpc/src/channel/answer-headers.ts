/** @module What headers and trailers of an answer say of how the call ended (grpc/doc/PROTOCOL-HTTP2.md, "Responses"). */
import { constants, type IncomingHttpHeaders } from 'node:http2';
import { CallError, Status } from './status.ts';

const OK = 200;
/** grpc/doc/http-grpc-status-mapping.md */
const BY_HTTP: ReadonlyMap<number, number> = new Map([
  [400, Status.INTERNAL],
  [401, Status.UNAUTHENTICATED],
  [403, Status.PERMISSION_DENIED],
  [404, Status.UNIMPLEMENTED],
  [429, Status.UNAVAILABLE],
  [502, Status.UNAVAILABLE],
  [503, Status.UNAVAILABLE],
  [504, Status.UNAVAILABLE],
]);

/** What `grpc-status` says. */
export type Ending = 'ok' | CallError;

/** How the call ended by its trailers, or by headers that stand for them. `httpStatus`: of the headers before them. */
export function endingOf(headers: IncomingHttpHeaders, httpStatus: number | undefined): Ending {
  const code = headers['grpc-status'];
  if (code === undefined) return endingByHttp(httpStatus);
  if (code === '0') return 'ok';
  const isCode = typeof code === 'string' && /^\d{1,9}$/.test(code);
  return new CallError(isCode ? Number(code) : Status.UNKNOWN, messageOf(headers), 'answered', detailsOf(headers));
}

/** What an answer that is not gRPC stands for. `type`: of its content, where that says so. */
export function endingByHttp(status: number | undefined, type?: string): CallError {
  if (status === OK && type !== undefined) {
    return new CallError(Status.UNKNOWN, `The answer is ${type.slice(0, 100)}, which is no gRPC`);
  }
  if (status === undefined || status === OK) {
    return new CallError(Status.UNKNOWN, 'The answer ended without a status', 'unknown');
  }
  return new CallError(BY_HTTP.get(status) ?? Status.UNKNOWN, `Received HTTP status code ${status}`);
}

/**
 * What a stream that was closed without a status stands for. `code`: that of HTTP/2. `isLate`: the deadline has passed, for
 * which some servers cancel the stream a moment before our own timer goes off.
 */
export function endingByReset(code: number | undefined, httpStatus: number | undefined, isLate: boolean): CallError {
  if (code === constants.NGHTTP2_NO_ERROR) return endingByHttp(httpStatus);
  if (code === constants.NGHTTP2_CANCEL && isLate) {
    return new CallError(Status.DEADLINE_EXCEEDED, 'The server says that the deadline was exceeded');
  }
  if (code === constants.NGHTTP2_CANCEL) return new CallError(Status.CANCELLED, 'The service cancelled the call');
  if (code === constants.NGHTTP2_ENHANCE_YOUR_CALM) {
    return new CallError(Status.RESOURCE_EXHAUSTED, 'The server has reset the stream, because it is overloaded');
  }
  if (code === constants.NGHTTP2_INADEQUATE_SECURITY) {
    return new CallError(Status.PERMISSION_DENIED, 'The connection is not secure enough for the server');
  }
  return new CallError(Status.INTERNAL, `The stream was reset with code ${code}`, 'unknown');
}

/** Whether headers are those of gRPC; pages of errors that come from something in between are not. */
export function isGrpc({ 'content-type': type }: IncomingHttpHeaders): boolean {
  return type === undefined || type.startsWith('application/grpc');
}

function messageOf({ 'grpc-message': message }: IncomingHttpHeaders): string {
  const text = String(message ?? '');
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // "must not be dropped" where it is encoded badly
  }
}

function detailsOf({ 'grpc-status-details-bin': encoded }: IncomingHttpHeaders): Buffer | undefined {
  const [first] = String(encoded ?? '').split(',');
  return first ? Buffer.from(first, 'base64') : undefined;
}
