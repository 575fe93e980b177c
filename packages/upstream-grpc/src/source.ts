/** @module Where the descriptors of an upstream come from, read into a catalog. */
import { createHash } from 'node:crypto';
import { toBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { ForgeError } from '@forge/protocol';
import { type Catalog, createCatalog, isOffered } from './catalog.ts';
import type { Channel } from './channel/connection.ts';
import { readDescriptorSet } from './descriptors/descriptor-set.ts';
import { compileProtos } from './descriptors/proto-files.ts';
import { reflect } from './descriptors/reflection.ts';
import { describe } from './descriptors/registry.ts';
import type { SourceOptions } from './grpc-upstream.ts';
import type { Metadata } from './metadata.ts';

/** A catalog and where it came from. */
export interface Sourced {
  readonly catalog: Catalog;
  /** For operators: `server reflection v1`, ... */
  readonly origin: string;
  /** Tells sets of descriptors apart. */
  readonly digest: string;
}

/** Reads an upstream's descriptors. */
export interface Source {
  /** What was configured; absent where the server is asked, whose answer may differ from one time to the next. */
  readonly given: Sourced | undefined;
  /** What is known already is not made again. @throws ForgeError `upstream_error`; CallError */
  read(channel: Channel, metadata: Metadata, deadline: number): Promise<Sourced>;
}

/** @throws ForgeError `validation_failed` naming the field of the configuration that cannot be used */
export function createSource(options: SourceOptions): Source {
  const given = readGiven(options);
  let known: Sourced | undefined;
  return {
    given,
    async read(channel, metadata, deadline) {
      if (given !== undefined) return given;
      const seen: string[] = [];
      const wants = (service: string): boolean => {
        seen.push(service);
        return isOffered(service, options.services);
      };
      const { version, services, files } = await reflect(channel, { metadata, deadline, wants });
      const digest = digestOf(files, services);
      if (known?.digest === digest) return known;
      if (services.length === 0) {
        const served = seen.slice(0, 20).join(', ') || 'nothing';
        const wanted = options.services === undefined ? '' : 'config.services: has none of what there is. ';
        throw new ForgeError('upstream_error', `${wanted}The server serves ${served}`);
      }
      const catalog = createCatalog(describe(files), services);
      known = { catalog, origin: `server reflection ${version}`, digest };
      return known;
    },
  };
}

function readGiven({ services: wanted, descriptorSet, protoFiles }: SourceOptions): Sourced | undefined {
  const field = descriptorSet === undefined ? 'protoFiles' : 'descriptorSet';
  if (descriptorSet === undefined && protoFiles === undefined) return undefined;
  const files = descriptorSet === undefined ? compileProtos(protoFiles ?? {}) : readDescriptorSet(descriptorSet);
  const described = describeGiven(files, field);
  const names = [...described.files].flatMap((one) => (one.kind === 'service' ? [one.typeName] : []));
  const missing = wanted?.find((service) => !names.includes(service));
  if (missing !== undefined) {
    const known = names.slice(0, 20).join(', ') || 'none';
    throw new ForgeError('validation_failed', `config.services: "${missing}" is not described; services are: ${known}`);
  }
  const services = names.filter((service) => isOffered(service, wanted));
  if (services.length === 0) throw new ForgeError('validation_failed', `config.${field}: describes no service`);
  return { catalog: createCatalog(described, services), origin: field, digest: '' };
}

function describeGiven(files: readonly FileDescriptorProto[], field: string): ReturnType<typeof describe> {
  try {
    return describe(files);
  } catch (error) {
    throw new ForgeError('validation_failed', `config.${field}: ${(error as Error).message}`);
  }
}

function digestOf(files: readonly FileDescriptorProto[], services: readonly string[]): string {
  const hash = createHash('sha256').update(services.toSorted().join(' '));
  const sorted = files.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  for (const file of sorted) hash.update(toBinary(FileDescriptorProtoSchema, file));
  return hash.digest('base64');
}
