/** @module Asks a server what it serves: reflection v1, or v1alpha where there is no v1. */
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ForgeError } from '@forge/protocol';
import { type Client, type ClientDuplexStream, type Metadata, type ServiceError, status } from '@grpc/grpc-js';
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

/** @throws ForgeError `upstream_error` where there is no reflection, or too much; otherwise the `ServiceError` */
export async function reflect(client: Client, options: ReflectionOptions): Promise<Reflected> {
  try {
    return await reflectBy('v1', client, options);
  } catch (error) {
    if ((error as ServiceError).code !== status.UNIMPLEMENTED) throw error;
  }
  try {
    return await reflectBy('v1alpha', client, options);
  } catch (error) {
    if ((error as ServiceError).code !== status.UNIMPLEMENTED) throw error;
    const advice = 'give its descriptors as config.descriptorSet or config.protoFiles';
    throw new ForgeError('upstream_error', `The server has no reflection; ${advice}`, { cause: error });
  }
}

async function reflectBy(
  version: Reflected['version'],
  client: Client,
  options: ReflectionOptions,
): Promise<Reflected> {
  const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
  const { metadata, deadline, wants } = options;
  const stream = client.makeBidiStreamRequest(path, same, same, metadata, { deadline });
  const ask = askingOn(stream);
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
    stream.cancel();
  }
}

function servicesOf({ package: name, service }: FileDescriptorProto): string[] {
  return service.map((one) => (name === '' ? one.name : `${name}.${one.name}`));
}

type Asking = (question: ReflectionQuestion) => Promise<ReflectionAnswer>;

/** Questions one after the other; each has the next answer on the stream. */
function askingOn(stream: ClientDuplexStream<Buffer, Buffer>): Asking {
  let settle: { resolve(answer: ReflectionAnswer): void; reject(error: Error): void } | undefined;
  let failed: Error | undefined;
  const fail = (error: Error): void => {
    failed ??= error;
    settle?.reject(failed);
  };
  stream.on('error', fail);
  stream.on('end', () => fail(new ForgeError('upstream_error', 'The server ended its reflection early')));
  stream.on('data', (bytes: Buffer) => {
    try {
      settle?.resolve(readAnswer(bytes));
    } catch (cause) {
      fail(new ForgeError('upstream_error', 'The reflection of the server is malformed', { cause }));
    }
  });
  return (question) =>
    new Promise((resolve, reject) => {
      if (failed !== undefined) return reject(failed);
      settle = { resolve, reject };
      stream.write(writeQuestion(question));
    });
}

function same(bytes: Buffer): Buffer {
  return bytes;
}
