/** @module OpenAPI documents that become gateways: looked at first, imported, imported again. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';
import { Description, Name, Tags, VisibilityName } from './common.ts';
import { GatewayRead } from './gateways.ts';
import { operation } from './operation.ts';

const Texts = z.array(z.string().min(1).max(500)).max(1000);
const Secret = z.string().max(LIMITS.secretLength);
const Url = z.string().max(LIMITS.urlLength);

const Credential = z
  .strictObject({
    token: Secret.optional(),
    username: Secret.optional(),
    password: Secret.optional(),
    value: Secret.optional().meta({ description: 'Of an API key' }),
    clientId: Secret.optional(),
    clientSecret: Secret.optional(),
    tokenUrl: Url.optional(),
    scope: z.string().max(4096).optional(),
    audience: Url.optional(),
  })
  .meta({ id: 'OpenApiCredential' });

/** As documents have them; some cannot be tools. */
const Method = z.enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE']);
const upper = (value: unknown): unknown => (typeof value === 'string' ? value.toUpperCase() : value);

/** Each list narrows it down. */
const Selection = z
  .strictObject({
    tags: Texts.optional(),
    paths: Texts.optional().meta({
      description: '`*` stands for what is within one step, `**` for any number of steps',
    }),
    methods: z.array(z.preprocess(upper, Method)).max(1000).optional(),
    operationIds: Texts.optional(),
  })
  .meta({ id: 'OpenApiSelection' });

/** What is imported, and how. */
const SourceFields = {
  url: Url.optional().meta({ description: 'Where the document is; what it refers to is read from there, too' }),
  document: z
    .union([z.string(), z.record(z.string(), z.unknown())])
    .optional()
    .meta({ description: 'The document: its text (JSON or YAML), or the object' }),
  baseUrl: Url.optional().meta({ description: 'Replaces the server that the document names' }),
  variables: z.record(z.string(), z.string().max(1000)).optional().meta({ description: "For the servers' variables" }),
  select: Selection.optional(),
  credentials: z
    .record(z.string(), Credential)
    .optional()
    .meta({ description: 'By the names of the security schemes' }),
};

const GatewayFields = {
  description: Description.optional(),
  headers: z.record(z.string(), z.string().max(LIMITS.headerValueLength)).optional(),
  timeoutMs: z.int().min(1).max(LIMITS.timeoutMs).optional(),
  tags: Tags.optional(),
  visibility: VisibilityName.optional(),
  enabled: z.boolean().optional(),
};

/** An operation, and the tool that it becomes. */
const OperationRead = z
  .object({
    name: z.string().meta({ description: 'Of the tool' }),
    method: z.string(),
    path: z.string(),
    operationId: z.string().nullable(),
    tags: z.array(z.string()),
    notes: z.array(z.string()).meta({ description: 'What is left out, simplified or missing' }),
    title: z.string().nullable().optional(),
    description: z.string().nullable().optional(),
    inputSchema: z.unknown(),
    outputSchema: z.unknown(),
    annotations: z.unknown(),
  })
  .meta({ id: 'OpenApiOperation' });

const SummaryFields = {
  title: z.string(),
  revision: z.string().meta({ description: 'Of OpenAPI: 2.0, 3.0 or 3.1' }),
  url: z.string().nullable().meta({ description: 'Of the gateway; null: `baseUrl` must be given' }),
  servers: z.array(z.string()),
  operations: z.array(OperationRead),
  skipped: z
    .array(z.object({ method: z.string(), path: z.string(), operationId: z.string().nullable(), reason: z.string() }))
    .meta({ description: 'Operations that become no tools' }),
  unselected: z.int().meta({ description: 'Operations that were not selected' }),
  credentials: z
    .array(
      z.object({
        name: z.string(),
        type: z.string(),
        needs: z.array(z.array(z.string())).meta({ description: 'What must be given, in one of these ways' }),
        isBound: z.boolean(),
        operations: z.int().meta({ description: 'How many ask for it' }),
        problem: z.string().nullable(),
      }),
    )
    .meta({ description: 'Security schemes of the document' }),
  notes: z.array(z.string()),
};

const Reference = z.object({ name: z.string(), method: z.string(), path: z.string() });

const tag = 'Import';
/** A document has 16 MB at most; as a text within JSON it is longer. */
const maxBodyBytes = 24 * 1024 * 1024;

/** Looks at a document. */
export const previewOpenApi = operation({
  id: 'previewOpenApi',
  method: 'post',
  path: '/import/openapi/preview',
  tag,
  summary: 'Show what an OpenAPI document would become',
  maxBodyBytes,
  description: 'OpenAPI 2.0, 3.0 and 3.1, JSON and YAML. Nothing is kept and no operation is called.',
  access: 'admin',
  body: z
    .strictObject({
      ...SourceFields,
      schemas: z.boolean().default(true).meta({ description: 'false: without descriptions and schemas' }),
    })
    .meta({ id: 'OpenApiPreview' }),
  answer: z.object(SummaryFields),
});

/** Imports a document. */
export const importOpenApi = operation({
  id: 'importOpenApi',
  method: 'post',
  path: '/import/openapi',
  tag,
  summary: 'Register the operations of an OpenAPI document as the tools of a new gateway',
  maxBodyBytes,
  access: 'admin',
  body: z
    .strictObject({ name: Name, ...SourceFields, ...GatewayFields })
    .meta({ id: 'OpenApiImport', examples: [{ name: 'pets', url: 'http://localhost:8000/openapi.json' }] }),
  answer: z.object({ gateway: GatewayRead, ...SummaryFields }),
  status: 201,
});

/** Imports a document again. */
export const reimportOpenApi = operation({
  id: 'reimportOpenApi',
  method: 'put',
  path: '/import/openapi/{id}',
  tag,
  summary: 'Bring a gateway in line with its OpenAPI document',
  maxBodyBytes,
  description:
    'What is left out is as it was with the last import; a document that was sent must be sent again. Tools that stay keep their ids and their settings, credentials that are not given stay.',
  access: 'admin',
  body: z
    .strictObject({
      ...SourceFields,
      dryRun: z.boolean().default(false).meta({ description: 'Tells, changes nothing' }),
    })
    .meta({ id: 'OpenApiReimport' }),
  answer: z.object({
    dryRun: z.boolean(),
    added: z.array(Reference),
    changed: z.array(z.object({ ...Reference.shape, fields: z.array(z.string()) })),
    removed: z.array(Reference),
    unchanged: z.int(),
    gateway: GatewayRead.nullable().meta({ description: 'null with `dryRun`' }),
    ...SummaryFields,
  }),
});

/** The older way, for one operation. */
export const generateSchemas = operation({
  id: 'generateSchemasFromOpenApi',
  method: 'post',
  path: '/tools/generate-schemas-from-openapi',
  tag,
  summary: 'Find the schemas of one endpoint in an OpenAPI document',
  access: 'admin',
  body: z.strictObject({
    url: Url.meta({ description: 'Of the endpoint: http://localhost:8100/calculate' }),
    requestType: z.string().max(20).default('GET'),
    openapiUrl: Url.optional().meta({ description: 'Of the document. Default /openapi.json at the same host' }),
  }),
  answer: z.object({
    success: z.literal(true),
    message: z.string(),
    input_schema: z.unknown(),
    output_schema: z.unknown(),
    spec_url: z.string(),
  }),
});
