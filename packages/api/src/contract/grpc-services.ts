/** @module gRPC services, under the paths and in the fields of ContextForge; each is a gateway of the transport GRPC. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';
import {
  Description,
  Done,
  EntityFields,
  listOf,
  ListQueryFields,
  Moment,
  Name,
  StateBody,
  StateQuery,
  stateOf,
  Tags,
  VisibilityName,
} from './common.ts';
import { SHARED_FOREIGN } from './foreign.ts';
import { operation } from './operation.ts';

const Metadata = z.record(z.string().min(1).max(LIMITS.headerNameLength), z.string().max(LIMITS.headerValueLength));

const Fields = {
  name: Name,
  target: z.string().min(3).max(LIMITS.urlLength).meta({ description: '`host:port`' }),
  description: Description.optional(),
  reflectionEnabled: z.boolean().optional().meta({
    description: 'Only `true`: descriptors are given by `config` of POST /gateways',
  }),
  tlsEnabled: z.boolean().optional(),
  grpcMetadata: Metadata.optional().meta({ description: 'Sent with every call; sealed' }),
  tags: Tags.optional(),
  visibility: VisibilityName.optional(),
  enabled: z.boolean().optional(),
};

/** A service in answers. How it is reached is for administrators: other callers get null. */
const ServiceRead = z
  .object({
    ...EntityFields,
    name: z.string(),
    slug: z.string(),
    target: z.string().nullable(),
    description: z.string(),
    reflectionEnabled: z.boolean(),
    tlsEnabled: z.boolean(),
    grpcMetadata: z.record(z.string(), z.string()).nullable().meta({ description: 'Values are masked' }),
    reachable: z.boolean(),
    serviceCount: z.int(),
    methodCount: z.int(),
    discoveredServices: z.record(z.string(), z.array(z.string())).meta({ description: 'Methods by service' }),
    lastReflection: Moment.nullable(),
  })
  .meta({ id: 'GrpcServiceRead' });

/** The body of a change. `*****` as a value of `grpcMetadata` keeps the stored one. */
export const ServiceUpdate = z
  .strictObject({ ...Fields, name: Name.optional(), target: Fields.target.optional() })
  .meta({ id: 'GrpcServiceUpdate' });

const Methods = z.object({
  methods: z.array(
    z.object({
      service: z.string(),
      method: z.string(),
      fullName: z.string(),
      tool: z.string().meta({ description: 'Its name in the aggregate of everything' }),
    }),
  ),
});

const FILES = 'files of the gateway are not read: send PEM texts by POST /gateways, see docs/grpc.md';
const unlessEmpty = (value: unknown): string | undefined => (value === '' ? undefined : FILES);
const foreign = { ...SHARED_FOREIGN, tlsCertPath: unlessEmpty, tlsKeyPath: unlessEmpty };

/** The operations at one of the two places where ContextForge and its documents have them. */
function operationsAt(prefix: '/grpc' | '/admin/grpc') {
  const id = (name: string): string => (prefix === '/grpc' ? name : `admin${name[0]?.toUpperCase()}${name.slice(1)}`);
  const of = { tag: 'gRPC', access: 'admin', answer: ServiceRead } as const;
  const one = `${prefix}/{id}`;
  return {
    create: operation({
      ...of,
      id: id('createGrpcService'),
      method: 'post',
      path: prefix,
      summary: 'Register a gRPC server by reflection; its methods become tools',
      body: z.strictObject(Fields).meta({
        id: 'GrpcServiceCreate',
        examples: [{ name: 'shop', target: 'localhost:50051' }],
      }),
      wrapper: 'service',
      foreign,
      status: 201,
    }),
    list: operation({
      ...of,
      id: id('listGrpcServices'),
      method: 'get',
      path: prefix,
      summary: 'List gRPC servers',
      query: ListQueryFields,
      answer: listOf('services', ServiceRead),
    }),
    read: operation({ ...of, id: id('getGrpcService'), method: 'get', path: one, summary: 'Read a gRPC server' }),
    update: operation({
      ...of,
      id: id('updateGrpcService'),
      method: 'put',
      path: one,
      summary: 'Change a gRPC server',
      body: ServiceUpdate,
      wrapper: 'service',
      readBack: ServiceRead,
      foreign,
    }),
    setState: operation({
      ...of,
      id: id('setGrpcServiceState'),
      method: 'post',
      path: `${one}/state`,
      summary: 'Enable or disable a gRPC server',
      query: StateQuery,
      body: StateBody,
      answer: stateOf('service', ServiceRead),
    }),
    reflect: operation({
      ...of,
      id: id('reflectGrpcService'),
      method: 'post',
      path: `${one}/reflect`,
      summary: 'Ask a gRPC server again what it serves',
    }),
    methods: operation({
      ...of,
      id: id('listGrpcMethods'),
      method: 'get',
      path: `${one}/methods`,
      summary: 'List the methods of a gRPC server',
      answer: Methods,
    }),
    delete: operation({
      ...of,
      id: id('deleteGrpcService'),
      method: 'delete',
      path: one,
      summary: 'Delete a gRPC server and its tools',
      answer: Done,
    }),
    deleteByPost: operation({
      ...of,
      id: id('deleteGrpcServiceByPost'),
      method: 'post',
      path: `${one}/delete`,
      summary: 'The same as DELETE',
      answer: Done,
    }),
  };
}

/** Where ContextForge has them, and where its documents say. */
export const grpcPlaces = [operationsAt('/grpc'), operationsAt('/admin/grpc')] as const;
