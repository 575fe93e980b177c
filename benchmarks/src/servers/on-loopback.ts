/**
 * @module Runs somebody else's program so that whatever it listens on is a free port of the loopback address, which it
 * says on stderr; some listen on every address and cannot be told otherwise. `node on-loopback.js SCRIPT [ARG...]`
 */
import { type AddressInfo, Server } from 'node:net';
import { pathToFileURL } from 'node:url';

const listen = Server.prototype.listen;
Server.prototype.listen = function listenOnLoopback(this: Server, ...args: readonly unknown[]): Server {
  this.once('listening', () => {
    process.stderr.write(`http://127.0.0.1:${(this.address() as AddressInfo).port}\n`);
  });
  const done = args.findLast((arg) => typeof arg === 'function') as (() => void) | undefined;
  return listen.call(this, { port: 0, host: '127.0.0.1' }, done);
};

process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1] ?? '').href);
