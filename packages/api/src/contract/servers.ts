/** @module Virtual servers. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';
import {
  Description,
  Done,
  EntityFields,
  listOf,
  ListQueryFields,
  Name,
  StateBody,
  StateQuery,
  stateOf,
  Tags,
  VisibilityName,
} from './common.ts';
import { SERVER_FOREIGN } from './foreign.ts';
import { operation } from './operation.ts';
import { PromptRead } from './prompts.ts';
import { ResourceRead } from './resources.ts';
import { ToolRead } from './tools.ts';

const References = z.array(z.string().min(1).max(LIMITS.urlLength)).max(LIMITS.associations);

const ServerFields = {
  name: Name,
  description: Description.optional(),
  icon: z.string().max(LIMITS.urlLength).optional(),
  associatedTools: References.optional().meta({ description: 'Ids, or names that belong to one only' }),
  associatedResources: References.optional(),
  associatedPrompts: References.optional(),
  associatedGateways: References.optional().meta({ description: 'Gateways whose whole lists belong to it' }),
  naming: z.enum(['auto', 'original', 'prefixed']).optional().meta({
    description: '`auto`: original names while everything comes from one gateway, prefixed names otherwise',
  }),
  protocolVersions: z
    .array(z.string().max(64))
    .max(16)
    .optional()
    .meta({
      description: 'Revisions of MCP that it serves, in order of preference; empty: all that the gateway serves',
      examples: [['2026-07-28', '2025-11-25']],
    }),
  a2aEnabled: z
    .boolean()
    .optional()
    .meta({ description: 'Whether it is published as an A2A agent at /servers/{id}/a2a, with a card' }),
  associatedA2aAgents: References.optional().meta({ description: 'Agents whose skills belong to it; as gateways' }),
  tags: Tags.optional(),
  visibility: VisibilityName.optional(),
  enabled: z.boolean().optional(),
};

/** A new virtual server. */
const ServerCreate = z
  .strictObject({ id: z.string().min(1).max(64).optional(), ...ServerFields })
  .meta({ id: 'ServerCreate', examples: [{ name: 'dev', associatedTools: ['git-git_status'] }] });

/** The body of a change; associations are replaced as a whole. */
export const ServerUpdate = z.strictObject({ ...ServerFields, name: Name.optional() }).meta({ id: 'ServerUpdate' });

/** A virtual server in answers. Associations hold what the caller may see. */
export const ServerRead = z
  .object({
    ...EntityFields,
    name: z.string(),
    description: z.string(),
    icon: z.string().nullable(),
    naming: z.enum(['auto', 'original', 'prefixed']),
    protocolVersions: z.array(z.string()).meta({ description: 'Empty: all that the gateway serves' }),
    a2aEnabled: z.boolean(),
    associatedTools: z.array(z.string()).meta({ description: 'Names' }),
    associatedToolIds: z.array(z.string()),
    associatedResources: z.array(z.string()).meta({ description: 'URIs' }),
    associatedResourceIds: z.array(z.string()),
    associatedPrompts: z.array(z.string()),
    associatedPromptIds: z.array(z.string()),
    associatedGateways: z.array(z.string()).meta({ description: 'Ids' }),
  })
  .meta({ id: 'ServerRead' });

const tag = 'Servers';

/** Creates a virtual server. */
export const createServer = operation({
  id: 'createServer',
  method: 'post',
  path: '/servers',
  tag,
  summary: 'Create a virtual server',
  access: 'admin',
  body: ServerCreate,
  wrapper: 'server',
  foreign: SERVER_FOREIGN,
  answer: ServerRead,
  status: 201,
});

/** Lists virtual servers. */
export const listServers = operation({
  id: 'listServers',
  method: 'get',
  path: '/servers',
  tag,
  summary: 'List virtual servers',
  access: 'user',
  query: ListQueryFields,
  answer: listOf('servers', ServerRead),
});

/** Reads a virtual server. */
export const getServer = operation({
  id: 'getServer',
  method: 'get',
  path: '/servers/{id}',
  tag,
  summary: 'Read a virtual server',
  access: 'user',
  answer: ServerRead,
});

/** Changes a virtual server. */
export const updateServer = operation({
  id: 'updateServer',
  method: 'put',
  path: '/servers/{id}',
  tag,
  summary: 'Change a virtual server',
  access: 'admin',
  body: ServerUpdate,
  wrapper: 'server',
  foreign: SERVER_FOREIGN,
  readBack: ServerRead,
  answer: ServerRead,
});

/** Deletes a virtual server. */
export const deleteServer = operation({
  id: 'deleteServer',
  method: 'delete',
  path: '/servers/{id}',
  tag,
  summary: 'Delete a virtual server',
  access: 'admin',
  answer: Done,
});

/** Enables or disables a virtual server. */
export const setServerState = operation({
  id: 'setServerState',
  method: 'post',
  path: '/servers/{id}/state',
  tag,
  summary: 'Enable or disable a virtual server',
  access: 'admin',
  query: StateQuery,
  body: StateBody,
  answer: stateOf('server', ServerRead),
});

/** The older name of {@link setServerState}. */
export const toggleServer = operation({ ...setServerState, id: 'toggleServer', path: '/servers/{id}/toggle' });

const ItemsQuery = z.strictObject({ includeInactive: z.stringbool().default(false) });

/** The tools of a virtual server. */
export const listServerTools = operation({
  id: 'listServerTools',
  method: 'get',
  path: '/servers/{id}/tools',
  tag,
  summary: 'List the tools of a virtual server',
  access: 'user',
  query: ItemsQuery,
  answer: z.array(ToolRead),
});

/** The resources of a virtual server. */
export const listServerResources = operation({
  id: 'listServerResources',
  method: 'get',
  path: '/servers/{id}/resources',
  tag,
  summary: 'List the resources of a virtual server',
  access: 'user',
  query: ItemsQuery,
  answer: z.array(ResourceRead),
});

/** The prompts of a virtual server. */
export const listServerPrompts = operation({
  id: 'listServerPrompts',
  method: 'get',
  path: '/servers/{id}/prompts',
  tag,
  summary: 'List the prompts of a virtual server',
  access: 'user',
  query: ItemsQuery,
  answer: z.array(PromptRead),
});
