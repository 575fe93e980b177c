/** @module One call: a stream of HTTP/2 (grpc/doc/PROTOCOL-HTTP2.md). */
import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import { type Ending, endingByHttp, endingByReset, endingOf, isGrpc } from './answer-headers.ts';
import { AnswerReader, type Hearer } from './answer-reader.ts';
import { compress } from './compression.ts';
import { frame } from './frames.ts';
import { CallError, Status } from './status.ts';

/** What a call is made of, and who hears of it. */
export interface CallInit {
  readonly path: string;
  readonly metadata: Readonly<Record<string, string>>;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** All that is sent; absent where that is decided as answers come. */
  readonly messages?: readonly Uint8Array[] | undefined;
  /** Not called after `onEnd`. The bytes are good during the call. */
  onMessage(bytes: Buffer): void;
  /** Called once, never before the call was returned. `failure`: the status, where it is not OK. */
  onEnd(failure: CallError | undefined): void;
}

/** A call in flight. */
export interface Call {
  /** Where `messages` were not given: one more. */
  send(message: Uint8Array): void;
  /** Ends it here and at the service, with `CANCELLED`; one that has ended stays as it is. */
  cancel(): void;
}

/** What a call needs of its connection. */
export interface Line {
  readonly maxMessageBytes: number;
  /** Opens a stream with these headers. @throws Error where the connection takes none any more */
  open(headers: Readonly<Record<string, string>>): ClientHttp2Stream;
  /** Something was heard, headers perhaps. */
  heard(headers?: IncomingHttpHeaders): void;
  /** Whether requests are compressed. */
  packs(): boolean;
  /** Whether the server has said that it did not look at a stream. */
  neverSaw(id: number): boolean;
  /** Whether the connection is gone. */
  isLost(): boolean;
  /** A call has ended; its stream may not have. */
  left(): void;
  /**
   * A stream was dropped here without a word to the server. `isQueued`: it waited for its turn, because the server takes no
   * more of them at one time. Otherwise the server has stopped reading.
   */
  dropped(isQueued: boolean): void;
}

const { NGHTTP2_CANCEL, NGHTTP2_FLAG_END_STREAM, NGHTTP2_REFUSED_STREAM, NGHTTP2_STREAM_STATE_IDLE } = constants;
const MAX_TIMEOUT_MS = 99_999_999; // `grpc-timeout` has eight digits
/** How long a reset may wait to be sent. */
const RESET_MS = 2000;

/** A call on a stream of its own. Whatever goes wrong, `onEnd` is told. */
export class StreamCall implements Call, Hearer {
  readonly #line: Line;
  readonly #init: CallInit;
  readonly #timer: NodeJS.Timeout;
  readonly #stream: ClientHttp2Stream | undefined;
  readonly #reader: AnswerReader | undefined;
  #httpStatus: number | undefined;
  #ending: Ending | undefined;
  #trouble: Error | undefined;
  #drained = false;
  #closed = false;
  #resetting: NodeJS.Timeout | undefined;
  isDone = false;

  constructor(line: Line, init: CallInit) {
    this.#line = line;
    this.#init = init;
    const left = Math.min(Math.max(Math.ceil(init.deadline - Date.now()), 0), MAX_TIMEOUT_MS);
    this.#timer = setTimeout(() => this.#stop(Status.DEADLINE_EXCEEDED, 'The deadline was exceeded'), left);
    try {
      this.#refuse(left);
      this.#stream = this.#open(left);
      this.#reader = new AnswerReader(this.#stream, line.maxMessageBytes, this);
    } catch (error) {
      const failure = error instanceof CallError ? error : unsent(error as Error);
      process.nextTick(() => this.#end(failure));
    }
  }

  send(message: Uint8Array): void {
    this.#stream?.write(frame(message));
  }

  cancel(): void {
    this.#stop(Status.CANCELLED, 'The call was cancelled');
  }

  message(bytes: Buffer): void {
    this.#init.onMessage(bytes);
  }

  broken(error: CallError): void {
    this.#end(error);
  }

  caughtUp(): void {
    this.#finish();
  }

  /** @throws CallError for what is not worth sending */
  #refuse(left: number): void {
    const most = this.#line.maxMessageBytes;
    const tooLong = this.#init.messages?.find(({ length }) => length > most);
    if (left === 0) throw new CallError(Status.DEADLINE_EXCEEDED, 'There was no time for the call');
    if (tooLong === undefined) return;
    const what = `The request has a message of ${tooLong.length} bytes, more than ${most}`;
    throw new CallError(Status.RESOURCE_EXHAUSTED, what);
  }

  #open(left: number): ClientHttp2Stream {
    const { path, metadata, messages } = this.#init;
    const headers: Record<string, string> = { ...metadata, ':path': path, 'grpc-timeout': `${left}m` };
    const packs = messages !== undefined && this.#line.packs();
    if (packs) headers['grpc-encoding'] = 'gzip';
    const stream = this.#line.open(headers);
    this.#listen(stream);
    if (packs) void sendPacked(stream, messages).catch((error: Error) => stream.destroy(error));
    else if (messages !== undefined) send(stream, messages);
    return stream;
  }

  #listen(stream: ClientHttp2Stream): void {
    stream.on('response', (headers, flags) => this.#answered(headers, (flags & NGHTTP2_FLAG_END_STREAM) !== 0));
    stream.on('data', (chunk: Buffer) => {
      this.#line.heard();
      if (!this.isDone) this.#reader?.push(chunk);
    });
    stream.on('trailers', (headers) => {
      this.#ending ??= endingOf(headers, this.#httpStatus);
    });
    stream.on('end', () => {
      this.#drained = true;
      this.#finish();
    });
    stream.on('error', (error) => {
      this.#trouble = error; // 'close' follows
    });
    stream.on('close', () => {
      this.#closed = true;
      clearTimeout(this.#resetting);
      this.#finish();
    });
  }

  #answered(headers: IncomingHttpHeaders & { readonly ':status'?: number }, isAll: boolean): void {
    this.#line.heard(headers);
    this.#httpStatus = headers[':status'];
    const encoding = headers['grpc-encoding'];
    if (encoding !== undefined && this.#reader !== undefined) this.#reader.encoding = encoding.toString();
    if (isAll) this.#ending = endingOf(headers, this.#httpStatus);
    else if (!isGrpc(headers)) this.#end(endingByHttp(this.#httpStatus, headers['content-type']));
  }

  #stop(code: number, message: string): void {
    this.#end(new CallError(code, message));
  }

  /** Ends the call when there is nothing more to come. */
  #finish(): void {
    if (this.isDone || this.#reader?.isBusy === true) return;
    if (!this.#closed && !(this.#drained && this.#ending !== undefined)) return;
    if (this.#ending === 'ok' && this.#reader?.isWhole(this.#drained) !== false) return this.#end();
    if (this.#ending === 'ok') return this.#end(new CallError(Status.INTERNAL, 'The answer is not whole', 'unknown'));
    this.#end(this.#ending ?? this.#endingOfClose());
  }

  #endingOfClose(): CallError {
    const { id, rstCode } = this.#stream ?? {};
    const isUnseen = id === undefined || rstCode === NGHTTP2_REFUSED_STREAM || this.#line.neverSaw(id);
    if (isUnseen && this.#httpStatus === undefined) return unsent(this.#trouble); // what was answered was looked at
    if (this.#line.isLost()) return new CallError(Status.UNAVAILABLE, 'The connection was lost', 'unknown');
    return endingByReset(rstCode, this.#httpStatus, Date.now() >= this.#init.deadline - 1);
  }

  #end(failure?: CallError): void {
    if (this.isDone) return;
    this.isDone = true;
    clearTimeout(this.#timer);
    // It is still open where we have enough, and where the server answers before it has heard all.
    const isOver = this.#closed || (this.#drained && this.#stream?.writableFinished === true);
    if (!isOver && this.#stream !== undefined) this.#reset(this.#stream);
    this.#line.left();
    this.#init.onEnd(failure);
  }

  /** Resets the stream. That is not sent while the server does not read, and what was to be sent before it would be kept. */
  #reset(stream: ClientHttp2Stream): void {
    stream.close(NGHTTP2_CANCEL);
    this.#resetting = setTimeout(() => {
      const isQueued = stream.state.state === NGHTTP2_STREAM_STATE_IDLE;
      stream.destroy();
      this.#line.dropped(isQueued);
    }, RESET_MS).unref();
  }
}

function send(stream: ClientHttp2Stream, messages: readonly Uint8Array[]): void {
  const [last = new Uint8Array()] = messages.slice(-1);
  for (const message of messages.slice(0, -1)) stream.write(frame(message));
  if (messages.length > 0) stream.end(frame(last));
  else stream.end();
}

async function sendPacked(stream: ClientHttp2Stream, messages: readonly Uint8Array[]): Promise<void> {
  for (const message of messages) {
    const packed = await compress(message);
    if (stream.destroyed || stream.closed) return;
    stream.write(frame(packed, true));
  }
  stream.end();
}

function unsent(cause: Error | undefined): CallError {
  return new CallError(Status.UNAVAILABLE, cause?.message ?? 'The server did not take the call', 'unsent');
}
