/** @module Ports, and HTTP requests as exact as a test needs them. */
import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import type { Scope } from './scope.ts';

/** A port that nobody listened on a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** What stands between a client and a server. */
export interface TcpProxy {
  /** Of the same path as the target. */
  readonly url: string;
  /** Breaks every connection; new ones wait until they are let through. */
  cut(): void;
  /** Lets connections through. */
  mend(): void;
}

/** Starts a proxy that passes on bytes. */
export async function startTcpProxy(scope: Scope, target: string): Promise<TcpProxy> {
  const url = new URL(target);
  const sockets = new Set<Socket>();
  const waiting = new Set<Socket>();
  let isCut = false;
  const server = createServer((client) => {
    keep(client);
    if (isCut) waiting.add(client);
    else pass(client);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  scope.add(server, () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });

  function keep(socket: Socket): Socket {
    sockets.add(socket);
    socket.on('error', () => {}); // what breaks here was to break
    return socket.once('close', () => sockets.delete(socket));
  }

  function pass(client: Socket): void {
    const upstream = keep(connect(Number(url.port), url.hostname));
    client.pipe(upstream).pipe(client);
    client.once('close', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
  }

  return {
    url: target.replace(url.port, String((server.address() as AddressInfo).port)),
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    mend() {
      isCut = false;
      for (const client of waiting) pass(client);
      waiting.clear();
    },
  };
}

/** What a server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** Headers by name; one that is `undefined` is not sent. */
export type HeadersToSend = Readonly<Record<string, string | undefined>>;

/** What to send. */
export interface HttpQuestion {
  /** @default 'POST' */
  readonly method?: string;
  readonly headers?: HeadersToSend;
  readonly body?: string | Buffer;
}

/** A request with exactly these headers (`Host` too) and this body, on a connection of its own. */
export function send(url: string, question: HttpQuestion = {}): Promise<HttpAnswer> {
  const { method = 'POST', body = '' } = question;
  const headers = Object.fromEntries(Object.entries(question.headers ?? {}).filter(([, value]) => value !== undefined));
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: true }); // as every client does
    const sent = request(url, { method, headers, agent }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      answer.on('end', () => {
        agent.destroy();
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text });
      });
      answer.on('error', reject);
    });
    sent.on('error', reject); // after an answer to a body that was not taken, it changes nothing
    sent.end(body);
  });
}
