/** @module From how a call ended to what its caller gets. */
import type { Registry } from '@bufbuild/protobuf';
import { errorOutcome, ForgeError, type Outcome } from '@forge/protocol';
import type { Operation } from '../operation.ts';
import { failureOutcome, failureText } from './failure.ts';
import { toolError, toolResult } from './result.ts';
import type { Reply } from './run-call.ts';

/** The outcome of a call. `types`: what the service has described. */
export function callOutcome({ kind }: Operation, reply: Reply, types: Registry): Outcome {
  const { messages, cut, failure, unreadable } = reply;
  const isStream = kind === 'server_streaming' || kind === 'bidi_streaming';
  if (unreadable !== undefined) return errorOutcome(unreadableError(unreadable));
  if (failure === undefined) return toolResult(isStream ? collected(messages, cut) : (messages[0] ?? '{}'));
  if (messages.length === 0) return failureOutcome(failure, types);
  // What came before counts, and nobody can ask for it again.
  return toolError(`${failureText(failure, types)}\nBefore that came:\n${collected(messages, undefined)}`);
}

function collected(messages: readonly string[], cut: string | undefined): string {
  const why = cut === undefined ? '' : `,"cut":${JSON.stringify(cut)}`;
  return `{"messages":[${messages.join(',')}]${why}}`;
}

/** The call was made, and answered. */
function unreadableError(cause: Error): ForgeError {
  const what = 'The call was carried out, but its answer cannot be shown';
  return new ForgeError('upstream_error', `${what}: ${cause.message.slice(0, 500)}`, { cause });
}
