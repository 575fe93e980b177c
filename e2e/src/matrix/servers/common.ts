/** @module What the matrix's servers have in common: the same tools and the same resource, whatever they are made with. */

/** The tools of every server; the stories call them. */
export const TOOLS = [
  'echo',
  'slow_progress',
  'ask_twice',
  'sample',
  'roots',
  'hang',
  'cancelled_calls',
  'touch',
  'add_tool',
] as const;

/** The resource of every server. */
export const NOTE = 'note://1';

/** What `sample` asks the client's model. */
export const PROMPT = {
  messages: [{ role: 'user' as const, content: { type: 'text' as const, text: 'Say hello' } }],
  maxTokens: 10,
};

/** Keys of the calls of `hang` that were cancelled. */
export const cancelled: string[] = [];

/** A form with one field, `value`. */
export function form(message: string) {
  const properties = { value: { type: 'string' as const } };
  return { message, requestedSchema: { type: 'object' as const, properties, required: ['value'] } };
}

/** Waits for the cancellation of a call, and keeps it in mind. */
export async function untilCancelled(signal: AbortSignal, key: string): Promise<void> {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  cancelled.push(key);
}
