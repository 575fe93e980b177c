/** @module Which requests of a client have no answer yet, so that the end of its input does not cut the answers off. */
import { JsonText, type Message, readMessage } from '@forge/protocol';

/** How an answer of `formatResult` and `formatError` begins: a large one need not be looked at any further. */
const ANSWER = /^\{"jsonrpc":"2\.0","id":("(?:[^"\\]|\\.)*"|-?[\d.]+),"(?:result|error)":/;

/** More are not followed. */
const MAX_FOLLOWED = 10_000;

/** The requests of one connection that wait for an answer. */
export class Unanswered {
  /** Raw ids. */
  readonly #ids = new Set<string>();

  get size(): number {
    return this.#ids.size;
  }

  /** The client sent this. */
  received(text: string): void {
    for (const message of messagesIn(text)) {
      if (message.kind === 'request') {
        // A subscription lasts as long as the connection does.
        if (message.method !== 'subscriptions/listen' && this.#ids.size < MAX_FOLLOWED) this.#ids.add(message.id);
      } else if (message.kind === 'notification' && message.method === 'notifications/cancelled') {
        this.#ids.delete(message.params?.member('requestId')?.text ?? ''); // it will not be answered
      }
    }
  }

  /** We sent this. */
  sent(text: string): void {
    if (this.#ids.size === 0) return;
    const [, id] = ANSWER.exec(text) ?? [];
    if (id !== undefined) {
      this.#ids.delete(id);
      return;
    }
    for (const message of messagesIn(text)) {
      if (message.kind === 'response') this.#ids.delete(message.id ?? '');
    }
  }
}

/** Looks at the envelopes alone; nothing is parsed. */
function messagesIn(text: string): Message[] {
  try {
    const json = new JsonText(text);
    return json.isObject ? [readMessage(json)] : json.elements().map(readMessage);
  } catch {
    return []; // not for us to say: whoever serves the channel answers it with an error
  }
}
