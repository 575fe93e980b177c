/** @module Asks a server what it serves: reflection v1, or v1alpha where there is no v1. */
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ForgeError } from '@forge/protocol';
import type { CallInit, Call } from '../channel/call.ts';
import type { Channel } from '../channel/connection.ts';
import { CallError, Status } from '../channel/status.ts';
import type { Metadata } from '../metadata.ts';
import { BUNDLED_FILES } from './bundled.ts';
import { type ReflectionAnswer, type ReflectionQuestion, readAnswer, writeQuestion } from './reflection-wire.ts';

/** What a server has said of itself. */
export interface Reflected {
  readonly version: 'v1' | 'v1alpha';
  /** Those of its services that were wanted. */
  readonly services: readonly string[];
  readonly files: readonly FileDescriptorProto[];
}

/** How it is asked. */
export interface ReflectionOptions {
  readonly metadata: Metadata;
  /** Milliseconds since 1970. */
  readonly deadline: number;
  /** Whether a service is of interest. */
  wants(service: string): boolean;
}

const MAX_SERVICES = 2000;
const MAX_FILES = 4096;
/** Of all files. */
const MAX_BYTES = 16_777_216;

/** @throws ForgeError `upstream_error` where there is no reflection, or too much; otherwise the CallError */
export async function reflect(channel: Channel, options: ReflectionOptions): Promise<Reflected> {
  try {
    return await reflectBy('v1', channel, options);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  try {
    return await reflectBy('v1alpha', channel, options);
  } catch (error) {
    if (!isMissing(error)) throw error;
    const advice = 'give its descriptors as config.descriptorSet or config.protoFiles';
    throw new ForgeError('upstream_error', `The server has no reflection; ${advice}`, { cause: error });
  }
}

async function reflectBy(
  version: Reflected['version'],
  channel: Channel,
  options: ReflectionOptions,
): Promise<Reflected> {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const { metadata, deadline, wants } = options;
  const { ask, leave } = askingBy((hearing) => channel.call({ path, metadata, deadline, ...hearing }));
  const files = new Map<string, FileDescriptorProto>();
  const asked = new Set(BUNDLED_FILES.keys());
  let bytes = 0;

  function keep(answer: ReflectionAnswer): void {
    for (const encoded of answer.files ?? []) {
      bytes += encoded.length;
      if (bytes > MAX_BYTES || files.size >= MAX_FILES) {
        const bound = `${MAX_FILES} files or ${MAX_BYTES} bytes`;
        throw new ForgeError(
          'upstream_error',
          `The server describes more than ${bound}; name the services that you want`,
        );
      }
      const file = fromBinary(FileDescriptorProtoSchema, encoded);
      files.set(file.name, file);
      asked.add(file.name);
    }
  }

  try {
    const listed = (await ask({ listServices: true })).services ?? [];
    const services = listed.filter((service) => wants(service)).slice(0, MAX_SERVICES);
    const described = new Set<string>();
    for (const service of services) {
      if (described.has(service)) continue;
      keep(await ask({ fileOfSymbol: service }));
      for (const name of [...files.values()].flatMap(servicesOf)) described.add(name);
    }
    for (const file of files.values()) {
      for (const imported of file.dependency) {
        if (asked.has(imported)) continue;
        asked.add(imported);
        keep(await ask({ fileByName: imported })); // one that it does not have is not needed, or missed later
      }
    }
    return { version, services, files: [...files.values()] };
  } finally {
    leave();
  }
}

function servicesOf({ package: name, service }: FileDescriptorProto): string[] {
  return service.map((one) => (name === '' ? one.name : `${name}.${one.name}`));
}

type Asking = (question: ReflectionQuestion) => Promise<ReflectionAnswer>;

/** Questions one after the other; each has the next answer on the stream. */
function askingBy(start: (hearing: Pick<CallInit, 'onMessage' | 'onEnd'>) => Call): { ask: Asking; leave(): void } {
  let settle: { resolve(answer: ReflectionAnswer): void; reject(error: Error): void } | undefined;
  let failed: Error | undefined;
  const fail = (error: Error): void => {
    failed ??= error;
    settle?.reject(failed);
  };
  const call = start({
    onMessage(bytes) {
      try {
        settle?.resolve(readAnswer(bytes));
      } catch (cause) {
        fail(new ForgeError('upstream_error', 'The reflection of the server is malformed', { cause }));
      }
    },
    onEnd: (failure) => fail(failure ?? new ForgeError('upstream_error', 'The server ended its reflection early')),
  });
  const ask: Asking = (question) =>
    new Promise((resolve, reject) => {
      if (failed !== undefined) return reject(failed);
      settle = { resolve, reject };
      call.send(writeQuestion(question));
    });
  return { ask, leave: () => call.cancel() };
}

function isMissing(error: unknown): boolean {
  return error instanceof CallError && error.code === Status.UNIMPLEMENTED;
}
