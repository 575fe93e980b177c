/** @module One call on a channel, of any of the four kinds. */
import { type Enlisted, type Exchange, type ForgeError, JsonText } from '@forge/protocol';
import type { CallOptions, Client, Metadata, ServiceError } from '@grpc/grpc-js';
import type { Operation } from '../operation.ts';

/** How a call ended. */
export interface Reply {
  /** JSON texts of the messages that came. */
  readonly messages: readonly string[];
  /** Why there are not all of them, where we have ended the call. */
  readonly cut?: string | undefined;
  /** The status, where it is not OK. */
  readonly failure?: ServiceError | undefined;
  /** What is wrong with an answer that cannot be shown. */
  readonly unreadable?: Error | undefined;
}

/** What a call is made of. */
export interface CallInit {
  readonly client: Client;
  readonly operation: Operation;
  readonly messages: readonly Buffer[];
  readonly metadata: Metadata;
  readonly options: CallOptions;
  /** Messages and characters that are collected at most. */
  readonly maxMessages: number;
  readonly maxLength: number;
  /** Where progress is told; absent where nobody asked. */
  readonly listener?: Exchange | undefined;
}

/** A call in flight, which can be ended from elsewhere. */
export class PendingCall implements Enlisted {
  slot = -1;
  /** Why it was ended before an answer came. */
  withdrawn: ForgeError | undefined;
  #cancel: (() => void) | undefined;

  /** Ends it. */
  withdraw(error: ForgeError): void {
    this.withdrawn ??= error;
    this.#cancel?.();
  }

  /** Sends the request, and collects what is answered. */
  run(init: CallInit): Promise<Reply> {
    return new Promise((resolve) => {
      const { kind } = init.operation;
      const call = kind === 'unary' || kind === 'client_streaming' ? single(init, resolve) : many(init, resolve);
      this.#cancel = () => call.cancel();
    });
  }
}

type Resolve = (reply: Reply) => void;

/** One message is answered. */
function single({ client, operation, messages, metadata, options }: CallInit, resolve: Resolve): { cancel(): void } {
  const { path, kind } = operation;
  const answered = (failure: ServiceError | null, bytes?: Buffer): void => {
    if (failure !== null) return resolve({ messages: [], failure });
    try {
      resolve({ messages: [operation.decode(bytes ?? EMPTY)] });
    } catch (unreadable) {
      resolve({ messages: [], unreadable: unreadable as Error });
    }
  };
  const [message = EMPTY] = messages;
  if (kind === 'unary') return client.makeUnaryRequest(path, same, same, message, metadata, options, answered);
  const call = client.makeClientStreamRequest(path, same, same, metadata, options, answered);
  for (const sent of messages) call.write(sent);
  call.end();
  return call;
}

/** Any number of messages is answered. */
function many(init: CallInit, resolve: Resolve): { cancel(): void } {
  const { client, operation, metadata, options, maxMessages, maxLength, listener } = init;
  const { path, kind } = operation;
  const messages: string[] = [];
  let length = 0;
  let ended = false;

  const end = (how: Omit<Reply, 'messages'>): void => {
    ended = true;
    resolve({ messages, ...how });
  };
  const stop = (how: Omit<Reply, 'messages'>): void => {
    end(how);
    call.cancel();
  };
  const call = kind === 'server_streaming' ? listen() : converse();
  call.on('data', (bytes: Buffer) => {
    if (ended) return;
    try {
      const message = operation.decode(bytes);
      const isFull = messages.length >= maxMessages || (length += message.length) > maxLength;
      if (isFull) return stop({ cut: limitReached(messages.length, init) });
      messages.push(message);
      listener?.note('notifications/progress', JsonText.of({ progress: messages.length, message }));
    } catch (unreadable) {
      stop({ unreadable: unreadable as Error });
    }
  });
  call.on('error', (failure: ServiceError) => end({ failure }));
  call.on('end', () => end({}));
  return call;

  function listen() {
    const [message = EMPTY] = init.messages;
    return client.makeServerStreamRequest(path, same, same, message, metadata, options);
  }

  function converse() {
    const stream = client.makeBidiStreamRequest(path, same, same, metadata, options);
    for (const sent of init.messages) stream.write(sent);
    stream.end();
    return stream;
  }
}

function limitReached(count: number, { maxMessages, maxLength }: CallInit): string {
  const limit = count >= maxMessages ? `${maxMessages} messages` : `${maxLength} characters`;
  return `These are the first ${count} messages. The service had more, but ${limit} are the limit, so the call was ended.`;
}

const EMPTY = Buffer.alloc(0);

function same(bytes: Buffer): Buffer {
  return bytes;
}
