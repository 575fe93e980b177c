/** @module The two things that every server here does alike. */
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Calls `done` with the body as text. */
export function readBody(request: IncomingMessage, done: (text: string) => void): void {
  let text = '';
  request.setEncoding('utf8');
  request.on('data', (chunk: string) => (text += chunk));
  request.on('end', () => done(text));
}

/** Listens on a free port of the loopback address, says where on stdout, and ends on SIGTERM. */
export function listen(server: Server): void {
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address() as AddressInfo;
    process.stdout.write(`http://127.0.0.1:${port}\n`);
  });
  // An orderly exit, so that --cpu-prof writes its file.
  process.on('SIGTERM', () => process.exit());
}
