/** @module The statuses of gRPC (grpc/doc/statuscodes.md), as a call can end with them. */

/** Codes by name. */
export const Status = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(Status).map(([name, code]) => [code, name]));

/** `NOT_FOUND` for 5; a code that gRPC does not know is `status 17`. */
export function statusName(code: number): string {
  return NAMES.get(code) ?? `status ${code}`;
}

/**
 * What became of a call that failed: the service never saw it, nobody knows what the service has done, or there is a status
 * for it, by the service or by us.
 */
export type Fate = 'unsent' | 'unknown' | 'answered';

/** A call that ended with a status other than OK. */
export class CallError extends Error {
  override readonly name = 'CallError';
  readonly code: number;
  readonly fate: Fate;
  /** A `google.rpc.Status`. */
  readonly statusDetails: Buffer | undefined;

  constructor(code: number, message: string, fate: Fate = 'answered', statusDetails?: Buffer) {
    super(message);
    this.code = code;
    this.fate = fate;
    this.statusDetails = statusDetails;
  }
}
