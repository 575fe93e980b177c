/** @module The shape of a configuration, field by field. */
import { z } from 'zod';
import { isHostEntry } from '../hosts.ts';
import { METHODS } from './operation.ts';

const Name = z.string().min(1).max(256);
const Texts = z.record(Name, z.string().max(8192));
const JsonSchema = z.record(z.string(), z.unknown());

const Parameter = z.strictObject({
  argument: Name,
  in: z.enum(['path', 'query', 'header', 'cookie']),
  name: Name.optional(),
  style: z.enum(['form', 'spaceDelimited', 'pipeDelimited', 'deepObject', 'simple']).optional(),
  explode: z.boolean().optional(),
  allowReserved: z.boolean().optional(),
  encoding: z.literal('json').optional(),
});

const Field = z.strictObject({
  name: Name.optional(),
  style: z.enum(['form', 'spaceDelimited', 'pipeDelimited', 'deepObject']).optional(),
  explode: z.boolean().optional(),
  file: z.boolean().optional(),
  filename: Name.optional(),
  contentType: Name.optional(),
});

const Body = z.strictObject({
  encoding: z.enum(['json', 'form', 'multipart', 'text', 'binary']),
  contentType: Name.optional(),
  argument: Name.optional(),
  fields: z.record(Name, Field).optional(),
  optional: z.boolean().optional(),
});

const Filter = z.strictObject({ language: z.enum(['jq', 'jsonpath']), expression: z.string().min(1).max(10_000) });

/** The shape of a `RestOperation`. */
export const OperationSchema = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_./-]{1,128}$/, 'must be 1 to 128 of the characters A-Z a-z 0-9 _ . / -'),
  title: z.string().max(255).optional(),
  description: z.string().max(65_536).optional(),
  inputSchema: JsonSchema.refine((schema) => schema['type'] === 'object', 'must have the type "object"'),
  outputSchema: JsonSchema.optional(),
  annotations: z.record(z.string(), z.unknown()).optional(),
  method: z.enum(METHODS),
  path: z
    .string()
    .max(2048)
    .regex(/^(?:\/[^?#\s\\]*)?$/, 'must begin with "/", and have no query'),
  parameters: z.array(Parameter).max(1000).optional(),
  body: Body.optional(),
  otherArguments: z.enum(['query', 'body', 'ignore', 'refuse']).optional(),
  query: Texts.optional(),
  headers: Texts.optional(),
  credentials: z.array(Name).max(20).optional(),
  filter: Filter.optional(),
  maxAnswerBytes: z.int().min(1).max(64_000_000).optional(),
  timeoutMs: z.int().min(1).max(3_600_000).optional(),
  callsPerMinute: z.int().min(1).max(100_000).optional(),
  maxConcurrent: z.int().min(1).max(10_000).optional(),
  allowedHosts: z
    .array(
      z
        .string()
        .max(255)
        .refine(isHostEntry, 'must be hosts such as api.example.com, with or without https:// and a port'),
    )
    .max(100)
    .optional(),
  exposePassthrough: z.boolean().optional(),
});

const Credential = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('basic'), username: z.string().max(1024), password: Name }),
  z.strictObject({ type: z.literal('bearer'), token: Name }),
  z.strictObject({ type: z.literal('apiKey'), in: z.enum(['header', 'query', 'cookie']), name: Name, value: Name }),
  z.strictObject({
    type: z.literal('oauth2'),
    tokenUrl: z.string().max(2048),
    clientId: z.string().min(1).max(1024),
    clientSecret: Name,
    scope: z.string().max(4096).optional(),
    audience: z.string().max(2048).optional(),
    resource: z.string().max(2048).optional(),
    clientAuth: z.enum(['basic', 'post']).optional(),
  }),
]);

/** Tools of one upstream at most, as in every list. */
const MAX_OPERATIONS = 10_000;

/** The shape of a `RestConfig`. */
export const ConfigSchema = z.strictObject({
  operations: z.array(OperationSchema).min(1).max(MAX_OPERATIONS),
  credentials: z.record(Name, Credential).optional(),
  instructions: z.string().max(65_536).optional(),
  isSingleTool: z.boolean().optional(),
  source: z.record(z.string(), z.unknown()).optional(),
});
