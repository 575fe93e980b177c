/** @module Questions that one legacy client has been sent and has not answered. */
import { type ClientExchange, refused } from './client-exchange.ts';
import type { Answer, Ask } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { formatNotification, formatRequest, type ResponseMessage } from './message.ts';

/** Questions that one client may have open. */
export const MAX_ASKS = 64;

/** How long a client may take to answer. */
export const ASK_TIMEOUT_MS = 600_000;

interface Pending {
  /** The request that it belongs to; `undefined` for one on the standing stream. */
  readonly exchange: ClientExchange | undefined;
  readonly send: (message: string) => void;
  readonly resolve: (answer: Answer) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

/** The open questions of one session. Ids are ours and count up. */
export class LegacyAsks {
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;

  /** Sends a question. Resolves with the client's answer, or with an error when there will be none. */
  put(ask: Ask, send: (message: string) => void, exchange?: ClientExchange): Promise<Answer> {
    if (this.#pending.size >= MAX_ASKS) return Promise.resolve(refused('The client has too many questions open'));
    this.#lastId += 1;
    const id = String(this.#lastId);
    return new Promise((resolve) => {
      const timer = setTimeout(() => this.#withdraw(id, 'The client did not answer in time'), ASK_TIMEOUT_MS);
      unref(timer);
      this.#pending.set(id, { exchange, send, resolve, timer });
      send(formatRequest(id, ask.method, ask.params));
    });
  }

  /** What the client answered. An answer to nothing is dropped. */
  answer({ id, result, error }: ResponseMessage): void {
    if (id === undefined) return;
    if (error !== undefined) this.#settle(id, { error });
    else if (result !== undefined) this.#settle(id, { result });
  }

  /** Ends the questions of one request, or of all; the client is told to forget them. */
  withdraw(why: string, exchange?: ClientExchange): void {
    for (const [id, pending] of this.#pending) {
      if (exchange === undefined || pending.exchange === exchange) this.#withdraw(id, why);
    }
  }

  #withdraw(id: string, why: string): void {
    const params = JsonText.of({ requestId: Number(id), reason: why });
    this.#pending.get(id)?.send(formatNotification('notifications/cancelled', params));
    this.#settle(id, refused(why));
  }

  #settle(id: string, answer: Answer): void {
    const pending = this.#pending.get(id);
    if (pending === undefined) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    pending.resolve(answer);
  }
}

/** Lets the process end although the timer runs, where the runtime has a say in that. */
export function unref(timer: unknown): void {
  (timer as { unref?: () => void }).unref?.();
}
