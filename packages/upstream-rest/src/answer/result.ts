/** @module Results of tools, as text. */
import { JsonText, type Outcome, resultOutcome } from '@forge/protocol';

/** One piece of content, as the protocol has it (2026-07-28, `ContentBlock`). */
export type Content =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'image' | 'audio'; readonly data: string; readonly mimeType: string }
  | {
      readonly type: 'resource';
      readonly resource: { readonly uri: string; readonly mimeType?: string | undefined; readonly blob: string };
    };

/** What else a result says. */
export interface ResultExtras {
  /** JSON text. */
  readonly structured?: string | undefined;
  readonly isError?: boolean | undefined;
  /** `_meta`, under names of Forge's own. */
  readonly meta?: Readonly<Record<string, unknown>> | undefined;
}

/** A result. */
export function toolResult(content: readonly Content[], { structured, isError, meta }: ResultExtras = {}): Outcome {
  let text = `{"resultType":"complete","content":${JSON.stringify(content)}`;
  if (structured !== undefined) text += `,"structuredContent":${structured}`;
  if (isError === true) text += ',"isError":true';
  if (meta !== undefined) text += `,"_meta":${JSON.stringify(meta)}`;
  return resultOutcome(new JsonText(`${text}}`));
}

/** A failure that the model can read, and do something about. */
export function errorResult(text: string, meta?: ResultExtras['meta']): Outcome {
  return toolResult([{ type: 'text', text }], { isError: true, meta });
}
