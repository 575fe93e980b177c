/** @module What the stories use of a client, whatever it is made with. */
import type { EventEmitter } from 'node:events';

/** How a client reaches the gateway. */
export type TransportName = 'HTTP' | 'SSE' | 'stdio' | 'WebSocket';

/** A virtual server of the gateway. */
export interface Target {
  /** Without the last part, e.g. `http://127.0.0.1:4444/servers/ID`. */
  readonly url: string;
  readonly token: string;
}

/** Options of a call. */
export interface CallOptions {
  readonly wantsProgress?: boolean;
  readonly signal?: AbortSignal;
}

/** A connected client, which answers whatever it is asked. */
export interface Peer {
  /** The text that a tool answers. @throws also when it is marked as an error */
  call(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<string>;
  /** Names of the tools, asked for anew. */
  list(): Promise<string[]>;
  /** Asks to be told of updates of a resource. */
  watchResource(uri: string): Promise<void>;
  /** Asks to be told of other tools. */
  watchTools(): Promise<void>;
  /** Emits `progress` with a number, `updated` with the URI of a resource, and `tools`. */
  readonly events: EventEmitter;
  close(): Promise<void>;
}

/** Declared by every client. */
export const CAPABILITIES = { elicitation: { form: {} }, sampling: {}, roots: {} };

/** Answers to what a client can be asked. */
export const ANSWERS = {
  form: ({ message }: { readonly message: string }) => ({
    action: 'accept' as const,
    content: { value: message.startsWith('First') ? 'Ada' : 'Lovelace' },
  }),
  model: { model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text: 'Hello' } },
  roots: { roots: [{ uri: 'file:///home/ada', name: 'home' }] },
};

/**
 * Asks for progress. Clients hear of it by the notification: both SDKs let go of `onprogress` when the answer comes, also
 * where progress came before it in the same read.
 */
export function requestOptions({ wantsProgress = false, signal }: CallOptions): {
  onprogress?: () => void;
  signal?: AbortSignal;
} {
  return { ...(wantsProgress && { onprogress() {} }), ...(signal && { signal }) };
}

/** The text in a tool result. @throws with it, when it is an error */
export function textIn(result: unknown): string {
  const { content = [], isError } = result as { content?: { text?: string }[]; isError?: boolean };
  const text = content[0]?.text ?? '';
  if (isError === true) throw new Error(text);
  return text;
}

/** Headers that say who calls. */
export function headersFor({ token }: Target): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}
