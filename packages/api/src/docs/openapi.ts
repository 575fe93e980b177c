/** @module The OpenAPI 3.1 description, built from the operations themselves. */
import { z } from 'zod';
import { ErrorAnswer } from '../contract/common.ts';
import type { Operation } from '../contract/operation.ts';

/** A JSON Schema. */
export type Schema = Readonly<Record<string, unknown>>;

/** A parameter of the path or the query. */
export interface Parameter {
  readonly name: string;
  readonly in: 'path' | 'query';
  readonly required: boolean;
  readonly description?: string | undefined;
  readonly schema: Schema;
}

/** One answer in OpenAPI's terms. */
interface ResponseObject {
  readonly description: string;
  readonly content: { readonly 'application/json': { readonly schema: Schema } };
}

/** One operation in OpenAPI's terms; the parts that Forge uses. */
export interface OperationObject {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string | undefined;
  readonly security: readonly Schema[];
  readonly parameters: readonly Parameter[];
  readonly requestBody?: { readonly content: { readonly 'application/json': { readonly schema: Schema } } } | undefined;
  readonly responses: Readonly<Record<string, ResponseObject>>;
}

/** An OpenAPI document; the parts that Forge uses. */
export interface OpenApi {
  readonly openapi: '3.1.1';
  readonly info: { readonly title: string; readonly version: string; readonly description: string };
  readonly servers: readonly { readonly url: string }[];
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, OperationObject>>>>;
  readonly components: { readonly schemas: Record<string, Schema>; readonly securitySchemes: Schema };
}

/** Describes operations. */
export function describeApi(operations: readonly Operation[], version: string): OpenApi {
  const schemas: Record<string, Schema> = {};
  const paths: Record<string, Record<string, OperationObject>> = {};
  const error = { $ref: toSchema(ErrorAnswer, 'output', schemas)['$ref'] };
  for (const operation of operations) {
    const path = operation.path.replace('+}', '}');
    paths[path] = {
      ...paths[path],
      [operation.method]: describeOperation(operation, schemas, error),
    };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Forge',
      version,
      description:
        'One endpoint in front of MCP servers. Every path is also served under /v1. Keys of requests are taken in snake_case and camelCase; answers are camelCase.',
    },
    servers: [{ url: './' }],
    tags: [...new Set(operations.map(({ tag }) => tag))].map((name) => ({ name })),
    paths,
    components: {
      schemas,
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' }, basic: { type: 'http', scheme: 'basic' } },
    },
  };
}

function describeOperation(operation: Operation, schemas: Record<string, Schema>, error: Schema): OperationObject {
  const body = operation.body ?? operation.rawBody;
  return {
    operationId: operation.id,
    tags: [operation.tag],
    summary: operation.summary,
    description: operation.description,
    security: operation.access === 'public' ? [] : [{ bearer: [] }, { basic: [] }],
    parameters: [...pathParameters(operation.path), ...queryParameters(operation.query)],
    requestBody: body && { content: json(toSchema(body, 'input', schemas)) },
    responses: {
      [operation.status ?? 200]: {
        description: operation.access === 'admin' ? 'Done; administrators only' : 'The answer',
        content: json(toSchema(operation.answer, 'output', schemas)),
      },
      default: { description: 'What went wrong', content: json(error) },
    },
  };
}

function pathParameters(path: string): Parameter[] {
  return [...path.matchAll(/\{(\w+)\+?\}/g)].map((match) => ({
    name: match[1] ?? '',
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }));
}

function queryParameters(query: z.ZodObject | undefined): Parameter[] {
  return Object.entries(query?.shape ?? {}).map(([name, field]) => {
    const { description, ...schema } = toSchema(field as z.ZodType, 'input', {});
    return { name, in: 'query', required: false, description: description as string | undefined, schema };
  });
}

function json<T>(schema: T): { readonly 'application/json': { readonly schema: T } } {
  return { 'application/json': { schema } };
}

/** A schema as JSON Schema; named ones go to `schemas` and are referred to. */
function toSchema(type: z.ZodType, io: 'input' | 'output', schemas: Record<string, Schema>): Schema {
  const made = z.toJSONSchema(type, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      // zod leaves examples out where a schema transforms its input; ours are examples of that input.
      const { examples } = z.globalRegistry.get(zodSchema) ?? {};
      if (examples && io === 'input') jsonSchema.examples = examples as unknown[];
      // An answer may gain fields; clients that refuse them would break.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const text = JSON.stringify(made).replaceAll('"#/$defs/', '"#/components/schemas/');
  const { $schema: _, $defs, ...schema } = JSON.parse(text) as Record<string, unknown>;
  for (const [name, definition] of Object.entries(($defs ?? {}) as Record<string, Schema>)) {
    const { id: __, ...rest } = definition;
    schemas[name] = rest;
  }
  return schema;
}
