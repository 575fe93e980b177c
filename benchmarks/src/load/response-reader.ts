/** @module Reads HTTP/1.1 responses off a connection, as cheaply as JavaScript can: a load generator must not be the bottleneck. */

/** A response that has arrived in full. */
export interface Response {
  readonly status: number;
  /** Status line and headers as they came. */
  readonly head: string;
  readonly bodyBytes: number;
  /** Only while {@link ResponseReader.capture} is set. */
  readonly body?: Buffer | undefined;
}

type State = 'head' | 'body' | 'chunk-size' | 'chunk' | 'chunk-end' | 'trailer';

const HEAD_END = Buffer.from('\r\n\r\n');
const LINE_END = 0x0a;

/**
 * Splits a byte stream into responses. Knows `Content-Length` and `Transfer-Encoding: chunked`; a body that ends with
 * the connection is an error, because load is measured on connections that stay.
 */
export class ResponseReader {
  /** Whether bodies of the responses to come are kept. */
  capture = false;
  readonly #deliver: (response: Response) => void;
  #state: State = 'head';
  /** What came of a head or a line that is not complete. */
  #pending = Buffer.alloc(0);
  #status = 0;
  #head = '';
  #left = 0;
  #bodyBytes = 0;
  #parts: Buffer[] = [];

  constructor(deliver: (response: Response) => void) {
    this.#deliver = deliver;
  }

  /** Takes what was read. `chunk` may be overwritten afterwards. */
  push(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#state === 'head' ? this.#readHead(rest) : this.#readBody(rest);
  }

  #readHead(chunk: Buffer): Buffer {
    const bytes = this.#withPending(chunk);
    const end = bytes.indexOf(HEAD_END);
    if (end < 0) return this.#keep(bytes);
    this.#head = bytes.toString('latin1', 0, end);
    this.#status = Number(this.#head.slice(9, 12));
    this.#bodyBytes = 0;
    const length = /\r\ncontent-length: *(\d+)/i.exec(this.#head)?.[1];
    this.#left = Number(length ?? 0);
    if (length === undefined && /\r\ntransfer-encoding: *chunked/i.test(this.#head)) this.#state = 'chunk-size';
    else if (this.#left > 0) this.#state = 'body';
    else if (length === undefined && this.#status !== 202 && this.#status !== 204)
      throw new Error(`No length: ${this.#head}`);
    else this.#finish();
    return bytes.subarray(end + HEAD_END.length);
  }

  #readBody(chunk: Buffer): Buffer {
    if (this.#state === 'body' || this.#state === 'chunk') return this.#readBytes(chunk);
    const bytes = this.#withPending(chunk);
    const end = bytes.indexOf(LINE_END);
    if (end < 0) return this.#keep(bytes);
    this.#readLine(bytes.toString('latin1', 0, end).trimEnd());
    return bytes.subarray(end + 1);
  }

  #readBytes(chunk: Buffer): Buffer {
    const taken = chunk.length > this.#left ? chunk.subarray(0, this.#left) : chunk;
    if (this.capture) this.#parts.push(Buffer.from(taken));
    this.#bodyBytes += taken.length;
    this.#left -= taken.length;
    if (this.#left === 0) {
      if (this.#state === 'chunk') this.#state = 'chunk-end';
      else this.#finish();
    }
    return chunk.subarray(taken.length);
  }

  #readLine(line: string): void {
    if (this.#state === 'chunk-end') {
      this.#state = 'chunk-size';
    } else if (this.#state === 'chunk-size') {
      this.#left = Number.parseInt(line, 16);
      if (Number.isNaN(this.#left)) throw new Error(`Not the size of a chunk: "${line}"`);
      this.#state = this.#left === 0 ? 'trailer' : 'chunk';
    } else if (line === '') {
      this.#finish();
    }
  }

  #finish(): void {
    const body = this.capture ? Buffer.concat(this.#parts) : undefined;
    this.#parts = [];
    this.#state = 'head';
    this.#deliver({ status: this.#status, head: this.#head, bodyBytes: this.#bodyBytes, body });
  }

  #withPending(chunk: Buffer): Buffer {
    if (this.#pending.length === 0) return chunk;
    const bytes = Buffer.concat([this.#pending, chunk]);
    this.#pending = Buffer.alloc(0);
    return bytes;
  }

  #keep(bytes: Buffer): Buffer {
    this.#pending = Buffer.from(bytes);
    return Buffer.alloc(0);
  }
}
