/** @module Calls that failed: what their status means, what was done, and what the caller can do. */
import { errorOutcome, forCaller, ForgeError, type Outcome } from '@forge/protocol';
import { type ServiceError, status } from '@grpc/grpc-js';
import { toolError } from './result.ts';
import { readDetails } from './status-details.ts';

/** What grpc-js says where a request never left. */
const NOT_DISPATCHED =
  /^(?:No connection established|Failed to start HTTP\/2 stream|Channel closed before call started|Stream refused by server)/;
/** What it says where the connection ended under a call. */
const CONNECTION_LOST = /^(?:Connection dropped|Received RST_STREAM|read ECONNRESET|read ETIMEDOUT)/;

const ADVICE: Readonly<Partial<Record<status, string>>> = {
  [status.CANCELLED]: 'The service cancelled the call; whether it took effect is not known.',
  [status.UNKNOWN]: 'The service failed and did not say how; it may have taken effect.',
  [status.INVALID_ARGUMENT]: 'Correct the arguments; as they are the call will fail again.',
  [status.NOT_FOUND]: 'What the arguments name does not exist.',
  [status.ALREADY_EXISTS]: 'What the call was to create is there already.',
  [status.PERMISSION_DENIED]: 'The credential of this gateway is not allowed to do that; trying again does not help.',
  [status.RESOURCE_EXHAUSTED]: 'A quota is used up, or a message is too large: try later, or ask for less.',
  [status.FAILED_PRECONDITION]: 'The system is not in the state that this needs; change that first, then call again.',
  [status.ABORTED]: 'It met another operation; the whole operation may be tried again.',
  [status.OUT_OF_RANGE]: 'The arguments go past what there is; correct them.',
  [status.UNIMPLEMENTED]: 'The service does not have this method; its tools may have changed.',
  [status.INTERNAL]: 'The service is broken; it may have taken effect.',
  [status.UNAVAILABLE]:
    'The service is not available at the moment; try again later, if doing it twice would not hurt.',
  [status.DATA_LOSS]: 'The service has lost data for good.',
  [status.UNAUTHENTICATED]: 'The service did not accept the credential of this gateway; trying again does not help.',
};
const MAX_MESSAGE = 4000;

/** Whether a call is known not to have reached anybody. */
export function isNotDispatched({ code, details }: ServiceError): boolean {
  return (code === status.UNAVAILABLE || code === status.INTERNAL) && NOT_DISPATCHED.test(details);
}

/** The error of a target that cannot be reached; its message is for operators. */
export function unreachable({ code, details }: ServiceError): ForgeError {
  if (code === status.DEADLINE_EXCEEDED) return new ForgeError('upstream_unreachable', 'There was no answer in time');
  return new ForgeError('upstream_unreachable', details.slice(0, MAX_MESSAGE));
}

/** The outcome of a call that ended with a status other than OK. */
export function failureOutcome(error: ServiceError, types: Parameters<typeof readDetails>[1]): Outcome {
  const { code, details } = error;
  if (isNotDispatched(error)) return errorOutcome(forCaller(unreachable(error)));
  if (code !== status.RESOURCE_EXHAUSTED && CONNECTION_LOST.test(details)) {
    return errorOutcome(new ForgeError('outcome_unknown'));
  }
  if (code === status.DEADLINE_EXCEEDED) return errorOutcome(new ForgeError('upstream_timeout'));
  return toolError(failureText(error, types));
}

/** A status in words: its name, the message, the details, what to do. */
export function failureText(error: ServiceError, types: Parameters<typeof readDetails>[1]): string {
  const { code, details: message } = error;
  const name = status[code] ?? `status ${code}`;
  const lines = [`${name}: ${message.slice(0, MAX_MESSAGE) || 'no message'}`, ...readDetails(error, types)];
  const advice = code === status.DEADLINE_EXCEEDED ? 'The time for the call was up.' : ADVICE[code];
  return [...lines, ...(advice === undefined ? [] : [advice])].join('\n');
}
