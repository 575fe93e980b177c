/** @module This process's own stdin and stdout as a channel, for serving a client that launched us. */
import type { Readable, Writable } from 'node:stream';
import type { Channel } from '@forge/protocol';
import { createLineReader, writeLine } from './lines.ts';
import { settledWithin } from './settled.ts';
import { Unanswered } from './unanswered.ts';

/** The streams to serve on, and a bound. */
export interface ProcessChannelOptions {
  /** @default process.stdin */
  readonly stdin?: Readable | undefined;
  /** @default process.stdout; nothing else may write to it. */
  readonly stdout?: Writable | undefined;
  /** Bytes of one message, and of output that the client leaves unread. @default 67108864 */
  readonly maxMessageBytes?: number | undefined;
  /** How long requests may take to be answered after stdin has ended, in ms. @default 2000 */
  readonly drainMs?: number | undefined;
  /** Gets the first line on stdin that is no message; such lines are skipped. */
  readonly onNoise?: ((line: string) => void) | undefined;
}

const MAX_MESSAGE_BYTES = 64 * 1024 * 1024;
const DRAIN_MS = 2000;
const FLUSH_MS = 2000;

/**
 * Opens the channel. When the client closes our stdin, every message before that is still delivered and every request
 * answered, within `drainMs`; then `onClose` is called. `close` waits until what was sent is written.
 *
 * @example
 * const channel = processChannel();
 * channel.onMessage = (message) => channel.send(answer(message));
 */
export function processChannel(options: ProcessChannelOptions = {}): Channel {
  const { stdin = process.stdin, stdout = process.stdout, maxMessageBytes = MAX_MESSAGE_BYTES } = options;
  const unanswered = new Unanswered();
  let answered: (() => void) | undefined; // set while the last answers are awaited
  let ended = false; // nothing is read any more
  let broken = false; // nothing can be written any more
  let closing: Promise<void> | undefined;
  let noisy = false;

  const reader = createLineReader({
    maxMessageBytes,
    onMessage(message) {
      unanswered.received(message);
      channel.onMessage(message);
    },
    onNoise(line) {
      if (!noisy) options.onNoise?.(line);
      noisy = true;
    },
    onOverflow: () => end(`The client sent a message of more than ${maxMessageBytes} bytes`),
  });

  const channel: Channel = {
    onMessage() {},
    onClose() {},
    send(message) {
      if (broken || closing !== undefined) return;
      if (!writeLine(stdout, message, maxMessageBytes)) {
        broken = true;
        end(`The client left more than ${maxMessageBytes} bytes of our output unread`);
      }
      unanswered.sent(message);
      if (unanswered.size === 0) answered?.();
    },
    close() {
      closing ??= shut();
      return closing;
    },
  };

  function end(why: string): void {
    if (ended) return;
    ended = true;
    reader.stop();
    if (closing === undefined) channel.onClose(new Error(why));
  }

  async function drain(): Promise<void> {
    if (unanswered.size === 0) return;
    await settledWithin(new Promise((resolve) => (answered = resolve)), options.drainMs ?? DRAIN_MS);
  }

  async function shut(): Promise<void> {
    ended = true;
    reader.stop();
    stdin.destroy();
    if (!broken) await settledWithin(new Promise((resolve) => stdout.write('', () => resolve())), FLUSH_MS);
  }

  stdin.on('data', (chunk: Buffer) => reader.push(chunk));
  stdin.once('end', () => {
    reader.end();
    void drain().then(() => end('The client closed our stdin'));
  });
  stdin.on('error', (error) => end(`Our stdin broke: ${error.message}`));
  stdout.on('error', (error) => {
    broken = true;
    end(`The client closed our stdout: ${error.message}`);
  });
  return channel;
}
