/** @module What the endpoints without MCP have to say and how they are called: REST, A2A, and an OpenAPI document of many operations. */
import { RESULT_BYTES, RESULT_SIZES, type ResultSize } from '../cells.ts';
import { tool, toolName } from './fixture.ts';

/** What all tools here are called with. */
export const ARGUMENTS = { query: 'the quick brown fox', limit: 10 };

/** Where the agent is called. */
export const AGENT_PATH = '/a2a';

/** Operations of the OpenAPI document. */
export const OPERATIONS = 2000;

const METHODS = ['get', 'put', 'post', 'delete'] as const;

/** Where the REST endpoint is that answers with so much. */
export function restPath(size: ResultSize): string {
  return `/${toolName(size)}`;
}

/** How the gateway is told of the endpoints. */
export const REST_CONFIG = {
  operations: RESULT_SIZES.map((size) => {
    const { name, description, inputSchema } = tool(toolName(size));
    return { name, description, inputSchema, method: 'POST', path: restPath(size), body: { encoding: 'json' } };
  }),
};

/** How the gateway is told of the agent, which has no card. */
export const A2A_CONFIG = {
  endpoint: {
    skills: RESULT_SIZES.map((size) => {
      const { name, description, inputSchema } = tool(toolName(size));
      return { id: name, description, inputSchema };
    }),
  },
};

/** JSON text of an answer of the REST endpoint. */
export function restReply(size: ResultSize): string {
  return filled(RESULT_BYTES[size], (text) => ({ text }));
}

/** JSON text of a result of the agent: a message. */
export function agentReply(size: ResultSize): string {
  const messageId = '1b2f7c9e-5a64-4c83-9d1e-7f0a8b6c5d4e';
  return filled(RESULT_BYTES[size], (text) => ({ message: { messageId, role: 'ROLE_AGENT', parts: [{ text }] } }));
}

/** The call of a skill, as the gateway makes it. */
export function agentCall(size: ResultSize): string {
  const parts = [
    { text: ARGUMENTS.query, mediaType: 'text/plain' },
    { data: { limit: ARGUMENTS.limit }, mediaType: 'application/json' },
  ];
  const messageId = 'c0d1e2f3-1111-4222-8333-444455556666';
  const message = { messageId, role: 'ROLE_USER', parts, metadata: { skillId: toolName(size) } };
  const params = { message, configuration: { returnImmediately: true } };
  return JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'SendMessage', params });
}

/** An OpenAPI document whose operations say as much about themselves as the tools of the `list` case. */
export function openApiDocument(origin: string): object {
  const paths: Record<string, Record<string, object>> = {};
  for (let number = 0; number < OPERATIONS; number += 1) {
    const path = `/things/${Math.floor(number / METHODS.length)}`;
    const method = METHODS[number % METHODS.length] ?? 'get';
    (paths[path] ??= {})[method] = operation(`operation_${number}`);
  }
  return { openapi: '3.1.0', info: { title: 'Benchmark', version: '1' }, servers: [{ url: origin }], paths };
}

function operation(operationId: string): object {
  const { description, inputSchema } = tool(operationId);
  const parameters = Object.entries(inputSchema.properties).map(([name, schema]) => {
    return { name, in: 'query', required: inputSchema.required.includes(name), schema };
  });
  return { operationId, description, parameters, responses: { 200: { description: 'What it found.' } } };
}

/** JSON text of about that size: `around` a text, with what text has to have escaped. */
function filled(bytes: number, around: (text: string) => object): string {
  const line = 'The "quick" brown fox jumps over the lazy dog, 0123456789 times.\n';
  const left = bytes - JSON.stringify(around('')).length;
  const escaped = JSON.stringify(line).length - 2;
  return JSON.stringify(around(line.repeat(Math.floor(left / escaped)) + 'x'.repeat(left % escaped)));
}
