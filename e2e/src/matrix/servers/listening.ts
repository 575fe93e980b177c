/** @module A server's HTTP side. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Answers a request. */
export type Listener = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** Listens on a free port of loopback, and prints the URL. */
export async function listening(listener: Listener, path: string): Promise<void> {
  const http = createServer((req, res) => void listener(req, res)).listen(0, '127.0.0.1');
  await once(http, 'listening');
  process.stdout.write(`Running on http://127.0.0.1:${(http.address() as AddressInfo).port}${path}\n`);
}
