/** @module A client that listens and does nothing else, as small as one can be: thousands of them fit into a process. */
import { connect, type Socket } from 'node:net';

/** All sockets read into one buffer: what is read is used up before the next read. */
const readBuffer = Buffer.allocUnsafe(64 * 1024);

/** The acknowledgement of a subscription, or the head of a standing stream. */
const OPENED = /subscriptions\/acknowledged|^HTTP\/1\.1 200 [\s\S]*\r\n\r\n/;
const CHANGED = 'list_changed';

/** An event stream that is held open. */
export class HeldStream {
  /** How often its client was told that a list has changed. */
  changes = 0;
  /** When it was told last, as `Date.now()`. */
  changedAt = 0;
  readonly #socket: Socket;
  /** What was read and may be the beginning of something. */
  #rest = '';
  #onOpened: (() => void) | undefined;

  private constructor(url: URL, request: string) {
    this.#socket = connect({
      host: url.hostname,
      port: Number(url.port),
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          this.#read(readBuffer.toString('latin1', 0, length));
          return true;
        },
      },
    });
    this.#socket.on('error', () => {}); // 'close' follows, which `lasts` shows
    this.#socket.write(request, 'latin1');
  }

  /** Sends `request` on a connection of its own. @throws when the answer is no stream. */
  static open(url: URL, request: string): Promise<HeldStream> {
    const stream = new HeldStream(url, request);
    return new Promise((resolve, reject) => {
      stream.#onOpened = () => resolve(stream);
      stream.#socket.once('close', () => reject(new Error(`No stream was opened: ${stream.#rest}`)));
    });
  }

  /** Whether the connection is still there. */
  get lasts(): boolean {
    return !this.#socket.closed && !this.#socket.destroyed;
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#rest += text;
    if (this.#onOpened !== undefined) {
      if (!OPENED.test(this.#rest)) return;
      this.#onOpened();
      this.#onOpened = undefined;
    }
    for (let at = this.#rest.indexOf(CHANGED); at >= 0; at = this.#rest.indexOf(CHANGED)) {
      this.changes += 1;
      this.changedAt = Date.now();
      this.#rest = this.#rest.slice(at + CHANGED.length);
    }
    this.#rest = this.#rest.slice(1 - CHANGED.length);
  }
}
