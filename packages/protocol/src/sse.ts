/** @module Server-sent events as text (WHATWG HTML, 9.2), written and read incrementally. */
import { ForgeError } from './errors.ts';

/** One event that was received. */
export interface SseEvent {
  /** The event's type; `message` unless it names another. */
  readonly event: string;
  /** Its data, lines joined by `\n`. Empty for an event that only carries an id. */
  readonly data: string;
}

/** One event to send. */
export interface SseEventInit {
  readonly data: string;
  /** @default 'message' */
  readonly event?: string | undefined;
  readonly id?: string | undefined;
  /** Milliseconds that a client waits before it reconnects. */
  readonly retry?: number | undefined;
}

/** Reads one stream. */
export interface SseDecoder {
  /**
   * Takes the next piece of the stream, cut anywhere. What is incomplete at the stream's end is no event.
   *
   * @throws ForgeError `upstream_error` when an event exceeds the limit; nothing may be pushed after that.
   */
  push(chunk: string): void;
  /**
   * The id of the last event that came whole, for `Last-Event-ID`; set before the event itself is delivered. Empty when the
   * stream has taken it back.
   */
  readonly lastEventId: string | undefined;
  /** Milliseconds to wait before reconnecting, if the stream said so. */
  readonly retry: number | undefined;
}

/** An event as text. Line breaks in `event` and `id` are dropped: they would forge further fields. */
export function encodeEvent({ data, event, id, retry }: SseEventInit): string {
  let text = '';
  if (event !== undefined) text += `event: ${oneLine(event)}\n`;
  if (id !== undefined) text += `id: ${oneLine(id)}\n`;
  const lines = data.includes('\n') || data.includes('\r') ? data.replaceAll(/\r\n?|\n/g, '\ndata: ') : data;
  text += `data: ${lines}\n`;
  return retry === undefined ? `${text}\n` : `${text}retry: ${retry}\n\n`;
}

/**
 * A decoder that calls `onEvent` for each event, while `push` runs.
 *
 * @example
 * const decoder = createSseDecoder((event) => console.error(event.data), { maxEventLength: 1_000_000 });
 * for await (const chunk of body.pipeThrough(new TextDecoderStream())) decoder.push(chunk);
 */
export function createSseDecoder(
  onEvent: (event: SseEvent) => void,
  options: {
    /** Characters of one event that are kept at most: its data and the line that is being read. */
    readonly maxEventLength: number;
  },
): SseDecoder {
  const lineEnd = /\r\n?|\n/g;
  let started = false;
  let afterReturn = false;
  let line = '';
  let event = '';
  let data: string[] = [];
  let dataLength = 0;
  /** The id that the stream has named last; it counts once its event is whole. */
  let namedId: string | undefined;
  let lastEventId: string | undefined;
  let retry: number | undefined;

  function append(text: string): void {
    if (dataLength + line.length + text.length > options.maxEventLength) {
      throw new ForgeError('upstream_error', `An event has more than ${options.maxEventLength} characters`);
    }
    line += text;
  }

  function endLine(): void {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + (line[colon + 1] === ' ' ? 2 : 1));
    const isBlank = line === '';
    line = '';
    if (isBlank) endEvent();
    else if (field === 'data') {
      data.push(value);
      dataLength += value.length + 1;
    } else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) namedId = value;
    else if (field === 'retry' && /^\d{1,9}$/.test(value)) retry = Number(value);
  }

  function endEvent(): void {
    const ended = data.length > 0 ? { event: event || 'message', data: data.join('\n') } : undefined;
    event = '';
    data = [];
    dataLength = 0;
    lastEventId = namedId;
    if (ended !== undefined) onEvent(ended);
  }

  return {
    push(chunk) {
      if (chunk === '') return;
      // A byte order mark may open the stream; a line feed may complete the carriage return that ended the last chunk.
      let at = (!started && chunk.startsWith('\uFEFF')) || (afterReturn && chunk.startsWith('\n')) ? 1 : 0;
      started = true;
      afterReturn = chunk.endsWith('\r');
      lineEnd.lastIndex = at;
      for (let end = lineEnd.exec(chunk); end !== null; end = lineEnd.exec(chunk)) {
        append(chunk.slice(at, end.index));
        at = lineEnd.lastIndex;
        endLine();
      }
      if (at < chunk.length) append(chunk.slice(at));
    },
    get lastEventId() {
      return lastEventId;
    },
    get retry() {
      return retry;
    },
  };
}

function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\0]/g, '');
}
