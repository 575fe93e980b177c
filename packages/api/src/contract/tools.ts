/** @module Tools, and calling one by REST. */
import { z } from 'zod';
import {
  Done,
  ItemFields,
  ItemListQuery,
  listOf,
  Name,
  StateBody,
  StateQuery,
  stateOf,
  Tags,
  VisibilityName,
} from './common.ts';
import { TOOL_FOREIGN } from './foreign.ts';
import { operation } from './operation.ts';
import { RestToolAuth, RestToolFields, RestToolRead } from './rest-tools.ts';

const Chain = z.array(z.string().min(1).max(256)).max(100);

const DisplayName = z
  .string()
  .max(255)
  .optional()
  .meta({ description: 'As in ContextForge: the title, where no `title` is given' });

/** The plugins around a tool, whatever is behind it. */
const ChainFields = {
  pluginChainPre: Chain.optional().meta({ description: 'Names of plugins that are asked before each call' }),
  pluginChainPost: Chain.optional().meta({ description: 'Names of plugins that are asked after each call' }),
};

/** A tool in answers. */
export const ToolRead = z
  .object({
    ...ItemFields,
    name: z.string().meta({ description: 'In the aggregate of everything' }),
    originalName: z.string().meta({ description: 'At its gateway' }),
    customName: z.string().nullable(),
    title: z.string().nullable(),
    description: z.string(),
    inputSchema: z.unknown(),
    outputSchema: z.unknown(),
    annotations: z.unknown(),
    integrationType: z.enum(['MCP', 'REST', 'GRPC', 'A2A']),
    ...RestToolRead,
    pluginChainPre: z.array(z.string()).nullable().meta({ description: 'null: none, or not for you' }),
    pluginChainPost: z.array(z.string()).nullable(),
    pluginChainError: z.string().nullable().meta({ description: 'Why calls are refused, where a chain cannot be run' }),
  })
  .meta({ id: 'ToolRead' });

/** The body of a change. What is said of the endpoint can be changed of tools that were registered by themselves. */
export const ToolUpdate = z
  .strictObject({
    name: Name.optional().meta({ description: 'Another name than it has now becomes its `customName`' }),
    customName: Name.nullable().optional(),
    tags: Tags.optional(),
    visibility: VisibilityName.optional(),
    enabled: z.boolean().optional(),
    displayName: DisplayName,
    ...ChainFields,
    ...RestToolFields,
    ...RestToolAuth,
  })
  .meta({ id: 'ToolUpdate' });

const tag = 'Tools';

/** The body of a registration. */
export const ToolCreate = z
  .strictObject({
    name: Name,
    tags: Tags.optional(),
    visibility: VisibilityName.optional(),
    enabled: z.boolean().optional(),
    integrationType: z.string().optional().meta({ description: 'REST; tools of MCP servers come with their gateway' }),
    gatewayId: z.string().optional().meta({ description: 'None: tools of a gateway are found by it' }),
    displayName: DisplayName,
    ...ChainFields,
    ...RestToolFields,
    ...RestToolAuth,
  })
  .meta({
    id: 'ToolCreate',
    examples: [{ name: 'weather', url: 'http://localhost:8000/weather/{city}', request_type: 'GET' }],
  });

/** Registers a REST endpoint as a tool. */
export const createTool = operation({
  id: 'createTool',
  method: 'post',
  path: '/tools',
  tag,
  summary: 'Register a REST endpoint as a tool',
  description: 'Nothing is called yet. What is secret in `headers` and `auth` is sealed, and masked in answers.',
  access: 'admin',
  body: ToolCreate,
  wrapper: 'tool',
  foreign: TOOL_FOREIGN,
  readBack: ToolRead,
  answer: ToolRead,
  status: 201,
});

/** Lists tools. */
export const listTools = operation({
  id: 'listTools',
  method: 'get',
  path: '/tools',
  tag,
  summary: 'List tools',
  access: 'user',
  query: ItemListQuery,
  answer: listOf('tools', ToolRead),
});

/** Reads a tool. */
export const getTool = operation({
  id: 'getTool',
  method: 'get',
  path: '/tools/{id}',
  tag,
  summary: 'Read a tool, by id or name',
  access: 'user',
  answer: ToolRead,
});

/** Changes a tool. */
export const updateTool = operation({
  id: 'updateTool',
  method: 'put',
  path: '/tools/{id}',
  tag,
  summary: 'Change what Forge keeps about a tool',
  access: 'admin',
  body: ToolUpdate,
  wrapper: 'tool',
  foreign: TOOL_FOREIGN,
  readBack: ToolRead,
  answer: ToolRead,
});

/** Deletes a tool. */
export const deleteTool = operation({
  id: 'deleteTool',
  method: 'delete',
  path: '/tools/{id}',
  tag,
  summary: 'Delete a tool; one of a gateway comes back with its next refresh',
  access: 'admin',
  answer: Done,
});

/** Enables or disables a tool. */
export const setToolState = operation({
  id: 'setToolState',
  method: 'post',
  path: '/tools/{id}/state',
  tag,
  summary: 'Enable or disable a tool',
  access: 'admin',
  query: StateQuery,
  body: StateBody,
  answer: stateOf('tool', ToolRead),
});

/** The older name of {@link setToolState}. */
export const toggleTool = operation({ ...setToolState, id: 'toggleTool', path: '/tools/{id}/toggle' });

/** Calls a tool. */
export const invokeTool = operation({
  id: 'invokeTool',
  method: 'post',
  path: '/tools/invoke/{name}',
  tag,
  summary: 'Call a tool',
  description:
    'The body is `{"arguments": {...}}` or the arguments themselves. The answer is the result of `tools/call`.',
  access: 'user',
  rawBody: z.record(z.string(), z.unknown()),
  answer: z.record(z.string(), z.unknown()),
});
