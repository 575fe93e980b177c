/** @module Results of tools. */
import { JsonText, type Outcome, resultOutcome } from '@forge/protocol';

/** A result that is the JSON text of an object, as structure and as text. */
export function toolResult(json: string): Outcome {
  const content = `[{"type":"text","text":${JSON.stringify(json)}}]`;
  return resultOutcome(new JsonText(`{"resultType":"complete","content":${content},"structuredContent":${json}}`));
}

/** A failure that whoever called can do something about. */
export function toolError(text: string): Outcome {
  return resultOutcome(JsonText.of({ resultType: 'complete', content: [{ type: 'text', text }], isError: true }));
}
