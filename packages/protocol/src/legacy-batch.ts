/** @module Batches, which exist in 2025-03-26 alone: several messages in one body, whose answers share one reply. */
import { ForgeError } from './errors.ts';
import type { LegacySession } from './legacy-session.ts';
import type { Message } from './message.ts';
import { type Reply, replyError, type Sender } from './reply.ts';

/** The revision that has batches. */
const BATCH_VERSION = '2025-03-26';

/** Takes a batch. The answers are one array, or single events once one of its requests has sent something ahead. */
export function receiveBatch(session: LegacySession, messages: Message[], sender: Sender, reply: Reply): void {
  const refusal = refusalOf(session, messages);
  if (refusal !== undefined) return replyError(reply, undefined, new ForgeError('invalid_request', refusal));
  const requests = messages.filter((message) => message.kind === 'request').length;
  const shared = requests === 0 ? SILENT : new BatchReply(reply, requests);
  for (const message of messages) session.receive(message, sender, message.kind === 'request' ? shared : SILENT);
  if (requests === 0) reply.empty(202);
}

function refusalOf({ protocolVersion }: LegacySession, messages: Message[]): string | undefined {
  if (protocolVersion !== BATCH_VERSION) return `There are no batches in ${protocolVersion}`;
  const opens = messages.some((message) => message.kind === 'request' && message.method === 'initialize');
  return opens ? 'initialize must not be part of a batch' : undefined;
}

/** The reply of each request in a batch: what they write is gathered, and ends with the last of them. */
class BatchReply implements Reply {
  readonly #reply: Reply;
  readonly #answers: string[] = [];
  readonly #onClose: ((error?: ForgeError) => void)[] = [];
  #open: number;
  #streaming = false;

  constructor(reply: Reply, requests: number) {
    this.#reply = reply;
    this.#open = requests;
    reply.onClose((error) => this.#onClose.forEach((listener) => listener(error)));
  }

  json(_status: number, body: string): void {
    this.#answers.push(body);
    this.end();
  }

  empty(): void {
    this.end();
  }

  open(): void {
    this.#streaming = true;
    this.#reply.open();
  }

  event(data: string): void {
    this.#streaming = true;
    this.#reply.event(data);
  }

  end(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    if (this.#streaming) {
      for (const answer of this.#answers) this.#reply.event(answer);
      this.#reply.end();
    } else if (this.#answers.length === 0) this.#reply.empty(202);
    else this.#reply.json(200, `[${this.#answers.join(',')}]`);
  }

  onClose(listener: (error?: ForgeError) => void): void {
    this.#onClose.push(listener);
  }
}

const nothing = (): void => undefined;

/** For messages that get no answer. */
const SILENT: Reply = { json: nothing, empty: nothing, open: nothing, event: nothing, end: nothing, onClose: nothing };
