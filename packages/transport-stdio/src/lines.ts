/** @module The framing of MCP's stdio transport: one JSON-RPC message a line, in UTF-8 (basic/transports/stdio). */
import type { Writable } from 'node:stream';
import { Bytes } from '@forge/protocol';

const NEWLINE = 10;

/** What a {@link LineReader} is told about. */
export interface LineReaderOptions {
  /** A longer line ends the reading. */
  readonly maxMessageBytes: number;
  readonly onMessage: (message: string) => void;
  /** A line that cannot be a message: a banner, a log line. Empty lines are not reported. */
  readonly onNoise: (line: string) => void;
  /** A line passed `maxMessageBytes`; nothing is read after it. */
  readonly onOverflow: () => void;
}

/** Cuts a byte stream into messages. */
export interface LineReader {
  push(chunk: Buffer): void;
  /** The stream ended: a last line needs no newline. */
  end(): void;
  /** Reads nothing more. */
  stop(): void;
}

/**
 * A reader that holds at most one unfinished line. Bytes are decoded a whole line at a time, so a character that two
 * chunks share stays whole.
 */
export function createLineReader(options: LineReaderOptions): LineReader {
  let held = new Bytes();
  let stopped = false;

  function finishLine(): void {
    const { buffer, byteOffset, length } = held.all;
    held = new Bytes();
    // A byte order mark and the CR of a CRLF are white space too.
    const line = Buffer.from(buffer, byteOffset, length).toString('utf8').trim();
    if (line === '') return;
    if (looksLikeMessage(line)) options.onMessage(line);
    else options.onNoise(line);
  }

  function fits(bytes: number): boolean {
    if (held.length + bytes <= options.maxMessageBytes) return true;
    held = new Bytes();
    stopped = true;
    options.onOverflow();
    return false;
  }

  return {
    push(chunk) {
      let start = 0;
      while (!stopped) {
        const newline = chunk.indexOf(NEWLINE, start);
        const rest = chunk.subarray(start, newline < 0 ? chunk.length : newline);
        if (!fits(rest.length)) return;
        held.push(rest);
        if (newline < 0) return;
        finishLine();
        start = newline + 1;
      }
    },
    end() {
      if (!stopped) finishLine();
      stopped = true;
    },
    stop() {
      stopped = true;
      held = new Bytes();
    },
  };
}

/** An object, or a batch of them (2025-03-26); `[INFO] ready` and the lines of pretty-printed JSON are neither. */
function looksLikeMessage(line: string): boolean {
  return line.startsWith('{') ? line.endsWith('}') : /^\[\s*\{/.test(line) && line.endsWith(']');
}

/**
 * Writes one message as one line. Raw line breaks can only stand between a message's tokens; left there, they would let
 * whoever wrote the arguments of a call smuggle in a message of their own.
 *
 * @returns false when more than `maxQueuedBytes` were waiting already, and the message was not written
 */
export function writeLine(stream: Writable, message: string, maxQueuedBytes: number): boolean {
  if (stream.writableLength > maxQueuedBytes) return false;
  const line = /[\r\n]/.test(message) ? message.replace(/[\r\n]+/g, ' ') : message;
  stream.write(`${line}\n`);
  return true;
}
