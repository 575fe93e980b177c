/** @module Calls that failed: what their status means, what was done, and what the caller can do. */
import { errorOutcome, forCaller, ForgeError, type Outcome } from '@forge/protocol';
import { type CallError, Status, statusName } from '../channel/status.ts';
import { toolError } from './result.ts';
import { readDetails } from './status-details.ts';

const ADVICE: Readonly<Partial<Record<number, string>>> = {
  [Status.CANCELLED]: 'The service cancelled the call; whether it took effect is not known.',
  [Status.UNKNOWN]: 'The service failed and did not say how; it may have taken effect.',
  [Status.INVALID_ARGUMENT]: 'Correct the arguments; as they are the call will fail again.',
  [Status.NOT_FOUND]: 'What the arguments name does not exist.',
  [Status.ALREADY_EXISTS]: 'What the call was to create is there already.',
  [Status.PERMISSION_DENIED]: 'The credential of this gateway is not allowed to do that; trying again does not help.',
  [Status.RESOURCE_EXHAUSTED]: 'A quota is used up, or a message is too large: try later, or ask for less.',
  [Status.FAILED_PRECONDITION]: 'The system is not in the state that this needs; change that first, then call again.',
  [Status.ABORTED]: 'It met another operation; the whole operation may be tried again.',
  [Status.OUT_OF_RANGE]: 'The arguments go past what there is; correct them.',
  [Status.UNIMPLEMENTED]: 'The service does not have this method; its tools may have changed.',
  [Status.INTERNAL]: 'The service is broken; it may have taken effect.',
  [Status.UNAVAILABLE]:
    'The service is not available at the moment; try again later, if doing it twice would not hurt.',
  [Status.DATA_LOSS]: 'The service has lost data for good.',
  [Status.UNAUTHENTICATED]: 'The service did not accept the credential of this gateway; trying again does not help.',
};
const MAX_MESSAGE = 4000;

/** Whether a call is known not to have reached anybody. */
export function isNotDispatched({ fate }: CallError): boolean {
  return fate === 'unsent';
}

/** The error of a target that cannot be reached; its message is for operators. */
export function unreachable({ code, message }: CallError): ForgeError {
  if (code === Status.DEADLINE_EXCEEDED) return new ForgeError('upstream_unreachable', 'There was no answer in time');
  return new ForgeError('upstream_unreachable', message.slice(0, MAX_MESSAGE));
}

/** The outcome of a call that ended with a status other than OK. */
export function failureOutcome(error: CallError, types: Parameters<typeof readDetails>[1]): Outcome {
  const { code, fate } = error;
  if (isNotDispatched(error)) return errorOutcome(forCaller(unreachable(error)));
  if (fate === 'unknown') return errorOutcome(new ForgeError('outcome_unknown'));
  if (code === Status.DEADLINE_EXCEEDED) return errorOutcome(new ForgeError('upstream_timeout'));
  return toolError(failureText(error, types));
}

/** A status in words: its name, the message, the details, what to do. */
export function failureText(error: CallError, types: Parameters<typeof readDetails>[1]): string {
  const { code, message } = error;
  const lines = [`${statusName(code)}: ${message.slice(0, MAX_MESSAGE) || 'no message'}`, ...readDetails(error, types)];
  const advice = code === Status.DEADLINE_EXCEEDED ? 'The time for the call was up.' : ADVICE[code];
  return [...lines, ...(advice === undefined ? [] : [advice])].join('\n');
}
