/** @module The upstream of the `grpc` case: grpc-js, which answers with prebuilt bytes. `node grpc-server.js` */
import { type sendUnaryData, Server, ServerCredentials } from '@grpc/grpc-js';
import { RESULT_SIZES } from '../cells.ts';
import { grpcPath, grpcReply } from './grpc-fixture.ts';

const same = (bytes: Buffer): Buffer => bytes;
const server = new Server();
const methods = RESULT_SIZES.map((size) => {
  const reply = grpcReply(size);
  const definition = {
    path: grpcPath(size),
    requestStream: false,
    responseStream: false,
    requestSerialize: same,
    requestDeserialize: same,
    responseSerialize: same,
    responseDeserialize: same,
  };
  const serve = (_: unknown, answer: sendUnaryData<Buffer>): void => answer(null, reply);
  return { size, definition, serve };
});
server.addService(
  Object.fromEntries(methods.map(({ size, definition }) => [size, definition])),
  Object.fromEntries(methods.map(({ size, serve }) => [size, serve])),
);
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.stdout.write(`http://127.0.0.1:${port}\n`);
});
// An orderly exit, so that --cpu-prof writes its file.
process.on('SIGTERM', () => process.exit());
