/** @module One call on a channel, of any of the four kinds. */
import { type Enlisted, type Exchange, type ForgeError, JsonText } from '@forge/protocol';
import type { Call, CallInit as ChannelCallInit } from '../channel/call.ts';
import type { Channel } from '../channel/connection.ts';
import { CallError, Status } from '../channel/status.ts';
import type { Metadata } from '../metadata.ts';
import type { Operation } from '../operation.ts';

/** How a call ended. */
export interface Reply {
  /** JSON texts of the messages that came. */
  readonly messages: readonly string[];
  /** Why there are not all of them, where we have ended the call. */
  readonly cut?: string | undefined;
  /** The status, where it is not OK. */
  readonly failure?: CallError | undefined;
  /** What is wrong with an answer that cannot be shown. */
  readonly unreadable?: Error | undefined;
}

/** What a call is made of. */
export interface CallInit {
  readonly channel: Channel;
  readonly operation: Operation;
  readonly messages: readonly Buffer[];
  readonly metadata: Metadata;
  /** Milliseconds since 1970. */
  readonly deadline: number;
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
      const isSingle = kind === 'unary' || kind === 'client_streaming';
      const call = isSingle ? single(init, resolve) : many(init, resolve);
      this.#cancel = () => call.cancel();
    });
  }
}

type Resolve = (reply: Reply) => void;

/** One message is answered, no more and no less. */
function single(init: CallInit, resolve: Resolve): Call {
  let answer: Reply | undefined;
  const call = start(init, {
    onMessage(bytes) {
      if (answer !== undefined) return end(new CallError(Status.INTERNAL, 'More than one message was answered'));
      answer = decoded(init.operation, bytes);
    },
    onEnd(failure) {
      if (failure !== undefined) return end(failure);
      resolve(answer ?? { messages: [], failure: new CallError(Status.INTERNAL, 'No message was answered') });
    },
  });
  const end = (failure: CallError): void => {
    resolve({ messages: [], failure });
    call.cancel();
  };
  return call;
}

function decoded(operation: Operation, bytes: Buffer): Reply {
  try {
    return { messages: [operation.decode(bytes)] };
  } catch (unreadable) {
    return { messages: [], unreadable: unreadable as Error };
  }
}

/** Any number of messages is answered. */
function many(init: CallInit, resolve: Resolve): Call {
  const { operation, maxMessages, maxLength, listener } = init;
  const messages: string[] = [];
  let length = 0;
  const stop = (how: Omit<Reply, 'messages'>): void => {
    resolve({ messages, ...how });
    call.cancel();
  };
  const call = start(init, {
    onMessage(bytes) {
      try {
        const message = operation.decode(bytes);
        const isFull = messages.length >= maxMessages || (length += message.length) > maxLength;
        if (isFull) return stop({ cut: limitReached(messages.length, init) });
        messages.push(message);
        listener?.note('notifications/progress', JsonText.of({ progress: messages.length, message }));
      } catch (unreadable) {
        stop({ unreadable: unreadable as Error });
      }
    },
    onEnd: (failure) => resolve({ messages, failure }),
  });
  return call;
}

function start(init: CallInit, hearing: Pick<ChannelCallInit, 'onMessage' | 'onEnd'>): Call {
  const { channel, operation, messages, metadata, deadline } = init;
  return channel.call({ path: operation.path, messages, metadata, deadline, ...hearing });
}

function limitReached(count: number, { maxMessages, maxLength }: CallInit): string {
  const limit = count >= maxMessages ? `${maxMessages} messages` : `${maxLength} characters`;
  return `These are the first ${count} messages. The service had more, but ${limit} are the limit, so the call was ended.`;
}
