/** @module A WebSocket as a channel: one message per text frame, bounds on what either side leaves unread, signs of life. */
import type { Socket } from 'node:net';
import type { Channel } from '@forge/protocol';
import { WebSocket } from 'ws';

/** How long the peer may take to answer our close. */
const CLOSE_MS = 1000;
/** Looks without a sign of life after which a peer counts as gone; more while something large is still on its way to it. */
const PATIENCE = 0;
const PATIENCE_WHILE_SENDING = 3;

/** One open socket. Takes it over: nothing else may listen or send. */
export class SocketChannel implements Channel {
  onMessage: Channel['onMessage'] = () => {};
  onClose: Channel['onClose'] = () => {};
  readonly #ws: WebSocket;
  readonly #socket: Socket;
  readonly #maxBufferedBytes: number;
  readonly #closed: Promise<void>;
  /** The largest message among those that may still be unread. */
  #largest = 0;
  #bytesRead = -1;
  #silent = 0;
  /** Whether `close` was called. */
  #closing = false;
  /** Why it is being ended, if it is. */
  #fault: string | undefined;

  /** @param maxBufferedBytes the peer is cut once it leaves more unread, its largest message not counted */
  constructor(ws: WebSocket, socket: Socket, maxBufferedBytes: number) {
    this.#ws = ws;
    this.#socket = socket;
    this.#maxBufferedBytes = maxBufferedBytes;
    ws.on('message', (data, isBinary) => {
      if (this.#closing || this.#fault !== undefined) return;
      if (isBinary) this.end(1003, 'Messages are text frames here');
      else this.onMessage((data as Buffer).toString()); // as is its `binaryType`
    });
    // What breaks the protocol or a bound is answered with its close code by `ws`; `close` follows.
    ws.on('error', (error) => {
      this.#fault ??= error.message;
      this.#terminateLater();
    });
    this.#closed = new Promise((resolve) => {
      ws.once('close', (code, reason) => {
        resolve();
        if (!this.#closing) this.onClose(new Error(this.#fault ?? describeClose(code, String(reason))));
      });
    });
  }

  /** Resolves when the socket is closed, by whomever. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  send(message: string): void {
    const ws = this.#ws;
    if (ws.readyState !== WebSocket.OPEN) return;
    const waiting = ws.bufferedAmount;
    if (waiting === 0) this.#largest = 0;
    else if (waiting > this.#maxBufferedBytes + this.#largest) {
      return this.#cut(`The peer left more than ${this.#maxBufferedBytes} bytes unread`);
    }
    ws.send(message);
    this.#largest = Math.max(this.#largest, ws.bufferedAmount - waiting);
  }

  /** Asks the peer for a sign of life, and cuts it if there was none since the last call. To be called at a steady pace. */
  beat(): void {
    const { bytesRead } = this.#socket;
    this.#silent = bytesRead === this.#bytesRead ? this.#silent + 1 : 0;
    this.#bytesRead = bytesRead;
    const patience = this.#ws.bufferedAmount > 0 ? PATIENCE_WHILE_SENDING : PATIENCE;
    if (this.#silent > patience) this.#cut('The peer gave no sign of life');
    else this.#ws.ping();
  }

  /** Takes no more of the peer's messages for now. Those that have arrived already are still delivered. */
  pause(): void {
    this.#ws.pause();
  }

  resume(): void {
    if (this.#ws.isPaused) this.#ws.resume();
  }

  /** Ends it for a reason that the peer is told; `onClose` follows. */
  end(code: number, reason: string): void {
    this.#fault ??= reason;
    this.#shut(code, reason);
  }

  close(code = 1000, reason = ''): Promise<void> {
    this.#closing = true;
    this.#shut(code, reason);
    return this.#closed;
  }

  #shut(code: number, reason: string): void {
    this.#ws.close(code, reason);
    this.resume(); // or the peer's answer would not be read
    this.#terminateLater();
  }

  #terminateLater(): void {
    const timer = setTimeout(() => this.#ws.terminate(), CLOSE_MS);
    void this.#closed.then(() => clearTimeout(timer));
  }

  #cut(why: string): void {
    this.#fault ??= why;
    this.#ws.terminate();
  }
}

const CODES: Readonly<Record<number, string>> = {
  1000: 'it is done',
  1001: 'it is going away',
  1002: 'protocol error',
  1003: 'it does not take such data',
  1006: 'without a word',
  1007: 'text that is not UTF-8',
  1008: 'it does not allow this',
  1009: 'a message was too large',
  1011: 'it has failed',
  1012: 'it restarts',
  1013: 'it is too busy',
};

/** A close code (RFC 6455, 7.4) for people to read. */
function describeClose(code: number, reason: string): string {
  const meaning = CODES[code] ?? 'for a reason of its own';
  return `The peer closed the connection: ${code}, ${meaning}${reason === '' ? '' : ` (${reason})`}`;
}
