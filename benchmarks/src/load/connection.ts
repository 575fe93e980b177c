/** @module One keep-alive HTTP/1.1 connection with one request in flight at a time. */
import { connect, type Socket } from 'node:net';
import type { Lane, Step } from './clients.ts';
import { type Response, ResponseReader } from './response-reader.ts';

/** All sockets read into one buffer: what is read is used up before the next read. */
const readBuffer = Buffer.allocUnsafe(256 * 1024);

/** A connection that requests are written to byte by byte. */
export class Connection implements Lane {
  readonly #reader = new ResponseReader((response) => this.#onResponse(response));
  readonly #socket: Socket;
  #onResponse: (response: Response) => void = () => {};
  #onFailure: (error: Error) => void = () => {};

  private constructor({ hostname, port }: URL) {
    this.#socket = connect({
      host: hostname,
      port: Number(port),
      noDelay: true,
      onread: {
        buffer: readBuffer,
        callback: (length) => {
          try {
            this.#reader.push(readBuffer.subarray(0, length));
          } catch (error) {
            this.#socket.destroy(error as Error);
          }
          return true;
        },
      },
    });
    this.#socket.on('error', (error) => this.#onFailure(error));
    this.#socket.on('close', () => this.#onFailure(new Error('The server closed a connection')));
  }

  static async open(url: URL): Promise<Connection> {
    const connection = new Connection(url);
    await new Promise<void>((resolve, reject) => {
      connection.#onFailure = reject;
      connection.#socket.once('connect', resolve);
    });
    return connection;
  }

  set capture(wanted: boolean) {
    this.#reader.capture = wanted;
  }

  loop(step: Step): Promise<void> {
    return new Promise((resolve, reject) => {
      const go = (previous: Response | undefined) => {
        const request = step(previous);
        if (request === undefined) resolve();
        else this.#socket.write(request, 'latin1');
      };
      this.#onFailure = reject;
      this.#onResponse = go;
      go(undefined);
    });
  }

  close(): void {
    this.#onFailure = () => {};
    this.#socket.destroy();
  }
}
