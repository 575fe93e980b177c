/** @module A program that listens on every address, at the port that is its argument; for tests. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [, , asked] = process.argv;
let listening = false;
const server = createServer((_, response) => {
  const { address } = server.address() as AddressInfo;
  response.end(JSON.stringify({ asked, address, listening }));
});
server.listen(Number(asked), '0.0.0.0', () => (listening = true));
