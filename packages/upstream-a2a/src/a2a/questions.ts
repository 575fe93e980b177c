/** @module What an agent that waits for input asks, put to the user as a form with one field. */
import { type Ask, JsonText } from '@forge/protocol';
import type { AgentCall } from '../agent-call.ts';
import type { TaskView } from './task-view.ts';

/** What became of a question: an answer, or that there is none. */
export type Reply = { readonly answer: string } | 'declined' | 'unasked';

/** The question as a request to the client. */
export function questionOf(view: TaskView): Ask {
  return { method: 'elicitation/create', params: JsonText.of(formOf(view)) };
}

/** Asks the client, if it can be asked. */
export async function askUser(call: AgentCall, view: TaskView): Promise<Reply> {
  const question = questionOf(view);
  if (!call.canAsk(question)) return 'unasked';
  const { result, error } = await call.ask(question);
  return error === undefined ? replyOf(result.value) : 'unasked';
}

/** What an `ElicitResult` says. */
export function replyOf(result: unknown): Exclude<Reply, 'unasked'> {
  const { action, content } = (result ?? {}) as { action?: unknown; content?: { answer?: unknown } };
  return action === 'accept' && typeof content?.answer === 'string' ? { answer: content.answer } : 'declined';
}

function formOf(view: TaskView): object {
  const answer = { type: 'string', title: 'Answer' };
  return {
    mode: 'form',
    message: view.words || 'The agent waits for input',
    requestedSchema: { type: 'object', properties: { answer }, required: ['answer'] },
  };
}
