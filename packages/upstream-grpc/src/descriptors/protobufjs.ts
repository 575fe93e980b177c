/** @module protobufjs, which reads `.proto` texts. Most servers describe themselves, so it is loaded when it is needed. */
import { createRequire } from 'node:module';
import type * as Protobuf from 'protobufjs';

const require = createRequire(import.meta.url);
let loaded: typeof Protobuf | undefined;

/** The module. */
export function protobufjs(): typeof Protobuf {
  loaded ??= require('protobufjs') as typeof Protobuf;
  return loaded;
}

/** Its own description of `descriptor.proto`. */
export function descriptorJson(): Protobuf.INamespace {
  return require('protobufjs/google/protobuf/descriptor.json') as Protobuf.INamespace;
}
