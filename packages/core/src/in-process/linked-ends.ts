/** @module The two ends of a connection within this process: a channel for Forge, a transport for an MCP server. */
import type { Channel } from '@forge/protocol';

/** A JSON-RPC 2.0 message. */
export interface RpcMessage {
  readonly jsonrpc: '2.0';
  readonly id?: string | number | undefined;
  readonly method?: string | undefined;
  readonly params?: object | undefined;
  readonly result?: object | undefined;
  readonly error?: object | undefined;
}

/**
 * The server's end. It has the shape of `Transport` in both lines of the official SDK, so `server.connect(transport)` takes
 * it. A server made by hand sets `onmessage`, and calls `start` when it is ready.
 */
export interface InProcessTransport {
  /** From here on `onmessage` is called; what came before it is kept. @throws Error after the connection was closed */
  start(): Promise<void>;
  /**
   * Sends a message, as it is at this moment. A request whose answer cannot be sent is answered by an error. Who sends much
   * and waits for each message lets others have their turn.
   *
   * @throws Error when the connection is closed, the message is too large, or it is nothing that JSON can say
   */
  send(message: object, options?: object): Promise<void>;
  /** Ends the connection. Idempotent. */
  close(): Promise<void>;
  /** Gets each message of Forge. When it throws, the connection ends, as one to a process does that crashes. */
  onmessage?: ((message: RpcMessage) => void) | undefined;
  /** Called once when the connection ends, whoever ends it. */
  onclose?: (() => void) | undefined;
  /** Never called: nothing can go wrong on the way. */
  onerror?: ((error: Error) => void) | undefined;
  sessionId?: string | undefined;
}

/** Messages of a server after which the event loop turns. */
const SENT_IN_A_ROW = 256;

/** Both ends. */
export interface LinkedEnds {
  readonly channel: Channel;
  readonly transport: InProcessTransport;
  /** Whether the connection has ended. */
  readonly ended: boolean;
}

/**
 * Connects two ends. Messages pass as JSON text, in their order, each in a microtask of its own: neither side runs within a
 * call of the other, and none holds objects of the other.
 *
 * @param maxMessageLength characters of the text of a message of the server, at most
 */
export function createLinkedEnds(maxMessageLength: number): LinkedEnds {
  const toForge = createQueue<string | Error>((got) => {
    if (typeof got === 'string') listener?.(got);
    else channel.onClose(got);
  });
  const toServer = createQueue<string>((text) => {
    try {
      transport.onmessage?.(JSON.parse(text) as RpcMessage);
    } catch (cause) {
      end(new Error(`The server threw: ${describe(cause)}`, { cause }));
    }
  });
  let listener: Channel['onMessage'] | undefined;
  let ended = false;
  let sent = 0;

  /** @param error what Forge is told, where it is not Forge that ends it */
  function end(error?: Error): void {
    if (ended) return;
    ended = true;
    toServer.drop();
    if (error === undefined) toForge.drop();
    else toForge.push(error);
    try {
      transport.onclose?.();
    } catch {
      // it is the server's own end that it could not clean up; nothing of ours depends on it
    }
  }

  const channel: Channel = {
    send: (text) => toServer.push(text),
    async close() {
      end();
    },
    get onMessage() {
      return listener ?? (() => {});
    },
    /** Whoever sets it sets `onClose` at once. */
    set onMessage(wanted) {
      listener = wanted;
      toForge.start();
    },
    onClose() {},
  };

  const transport: InProcessTransport = {
    async start() {
      if (ended) throw new Error('The connection is closed');
      toServer.start();
    },
    async send(message) {
      if (ended) throw new Error('The connection is closed');
      try {
        toForge.push(write(message, maxMessageLength));
      } catch (error) {
        const refusal = refusalOf(message, describe(error));
        if (refusal !== undefined) toForge.push(refusal);
        throw error;
      }
      sent += 1;
      // Microtasks alone would keep everything else in this process waiting for as long as the server has something to say.
      if (sent % SENT_IN_A_ROW === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    },
    async close() {
      end(new Error('The server closed the connection'));
    },
  };
  return {
    channel,
    transport,
    get ended() {
      return ended;
    },
  };
}

/** Hands over one by one, once it is started. */
interface Queue<T> {
  push(item: T): void;
  start(): void;
  /** Forgets what it has, and takes nothing more. */
  drop(): void;
}

function createQueue<T>(take: (item: T) => void): Queue<T> {
  let waiting: T[] | undefined = [];
  let dropped = false;
  const hand = (item: T): void =>
    queueMicrotask(() => {
      if (!dropped) take(item);
    });
  return {
    push(item) {
      if (waiting === undefined) hand(item);
      else if (!dropped) waiting.push(item);
    },
    start() {
      const items = waiting ?? [];
      waiting = undefined;
      for (const item of items) hand(item);
    },
    drop() {
      dropped = true;
      waiting = undefined;
    },
  };
}

function write(message: object, maxLength: number): string {
  const text = JSON.stringify(message);
  if (text.length <= maxLength) return text;
  throw new Error(`The message has ${text.length} characters; ${maxLength} are allowed`);
}

/** What answers a request whose answer cannot be sent; `undefined` for a message that is none. */
function refusalOf(message: object, why: string): string | undefined {
  const { id, method } = message as Partial<RpcMessage>;
  if (id === undefined || method !== undefined) return undefined;
  return JSON.stringify({ jsonrpc: '2.0', id, error: { code: -32_603, message: why } });
}

function describe(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
