/** @module A scripted MCP server behind in-memory channels, and the client's side of a call; for tests. */
import type { Answer, Ask, Client, Exchange, ExchangeRequest } from './exchange.ts';
import { JsonText } from './json-text.ts';
import type { Channel, UpstreamEvents } from './upstream.ts';

/** A message as the server sees it. */
export interface WireMessage {
  readonly id?: number | string;
  readonly method?: string;
  readonly params?: Record<string, unknown>;
  readonly result?: unknown;
  readonly error?: { code: number; message: string };
}

/** What the server does with a request; `undefined` leaves it unanswered. */
export type Script = (
  message: WireMessage,
  connection: Connection,
) => { result?: unknown; error?: unknown } | undefined;

/** One channel, from the server's end. */
export class Connection {
  readonly received: WireMessage[] = [];
  closed = false;
  readonly channel: Channel;
  readonly #answers = new Map<unknown, (answer: WireMessage) => void>();
  #asked = 0;

  constructor(server: ScriptedServer) {
    this.channel = {
      onMessage() {},
      onClose() {},
      send: (text) => queueMicrotask(() => this.#receive(server, JSON.parse(text) as WireMessage)),
      close: async () => {
        this.closed = true;
      },
    };
  }

  /** Writes raw text. */
  write(text: string): undefined {
    queueMicrotask(() => this.channel.onMessage(text));
  }

  send(message: object): void {
    this.write(JSON.stringify({ jsonrpc: '2.0', ...message }));
  }

  /** Asks Forge something; resolves with its answer. */
  ask(method: string, params?: object): Promise<WireMessage> {
    const id = `ask-${++this.#asked}`;
    this.send({ id, method, params });
    return new Promise((resolve) => this.#answers.set(id, resolve));
  }

  /** The last request of this method that came. */
  last(method: string): WireMessage | undefined {
    return this.received.findLast((message) => message.method === method);
  }

  die(message = 'it died'): undefined {
    this.closed = true;
    this.channel.onClose(new Error(message));
  }

  #receive(server: ScriptedServer, message: WireMessage): void {
    if (this.closed) return;
    this.received.push(message);
    if (message.method === undefined) this.#answers.get(message.id)?.(message);
    else if (message.id !== undefined) {
      const answer = (server.scripts.get(message.method) ?? UNKNOWN)(message, this);
      if (answer !== undefined) this.send({ id: message.id, ...answer });
    }
  }
}

const UNKNOWN: Script = () => ({ error: { code: -32601, message: 'unknown method' } });

/** A server; what it does stands in `scripts`. */
export class ScriptedServer {
  readonly connections: Connection[] = [];
  readonly scripts = new Map<string, Script>();

  constructor(era: 'modern' | 'legacy', capabilities: object = {}) {
    const serverInfo = { name: 'scripted', version: '1' };
    if (era === 'modern') {
      const result = { resultType: 'complete', supportedVersions: ['2026-07-28'], capabilities, _meta: {} };
      this.scripts.set('server/discover', () => ({ result }));
    } else {
      const result = { protocolVersion: '2025-06-18', capabilities, serverInfo };
      this.scripts.set('initialize', () => ({ result }));
      this.scripts.set('logging/setLevel', () => ({ result: {} }));
    }
  }

  readonly open = async (): Promise<Channel> => {
    const connection = new Connection(this);
    this.connections.push(connection);
    return connection.channel;
  };

  get newest(): Connection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('nobody has connected');
    return connection;
  }
}

/** The client's side of one call, which remembers what it was told. */
export class TestExchange implements Exchange {
  readonly notes: { method: string; params: unknown }[] = [];
  readonly asks: Ask[] = [];
  cancelled = false;
  answer: Promise<Answer> = Promise.resolve({ result: new JsonText('{"action":"accept"}') });
  #onCancel: ((reason: string | undefined) => void) | undefined;

  note(method: string, params: JsonText | undefined): void {
    this.notes.push({ method, params: params?.value });
  }

  ask(ask: Ask): Promise<Answer> {
    this.asks.push(ask);
    return this.answer;
  }

  onCancel(listener: (reason: string | undefined) => void): void {
    this.#onCancel = listener;
  }

  cancel(reason?: string): void {
    this.cancelled = true;
    this.#onCancel?.(reason);
  }
}

/** Events that remember what happened. */
export class TestEvents implements UpstreamEvents {
  readonly log: string[] = [];
  sessionAnswer: Answer = { result: new JsonText('{"roots":[]}') };

  listChanged(kind: string): void {
    this.log.push(`${kind} changed`);
  }

  resourceUpdated(uri: string): void {
    this.log.push(`${uri} updated`);
  }

  taskChanged(taskId: string, params: JsonText): void {
    this.log.push(`${taskId} ${params.text}`);
  }

  sessionNote(sessionId: string, method: string): void {
    this.log.push(`${sessionId} noted ${method}`);
  }

  async sessionAsk(sessionId: string, ask: Ask): Promise<Answer> {
    this.log.push(`${sessionId} asked ${ask.method}`);
    return this.sessionAnswer;
  }

  lost(error: Error): void {
    this.log.push(`lost: ${error.message}`);
  }
}

/** A client of either era. */
export function testClient(over: Partial<Client> = {}): Client {
  const era = over.era ?? 'modern';
  return {
    era,
    protocolVersion: era === 'modern' ? '2026-07-28' : '2025-11-25',
    caller: { id: 'alice' },
    capabilities: new JsonText('{}'),
    ...over,
  };
}

/** A call of the tool `name`. */
export function toolCall(name: string, client: Client = testClient(), progressToken?: string): ExchangeRequest {
  const meta = progressToken === undefined ? {} : { _meta: { progressToken: JSON.parse(progressToken) as unknown } };
  return { method: 'tools/call', params: JsonText.of({ name, ...meta }), target: name, client, progressToken };
}
