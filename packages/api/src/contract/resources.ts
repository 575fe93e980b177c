/** @module Resources. */
import { LIMITS } from '@forge/core';
import { z } from 'zod';
import {
  Description,
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
import { operation } from './operation.ts';

const Content = z.string().max(Math.ceil(LIMITS.contentLength / 3) * 4);

const ResourceFields = {
  uri: z.string().min(1).max(LIMITS.urlLength),
  name: Name,
  title: Name.optional(),
  description: Description.optional(),
  mimeType: z.string().max(255).optional(),
  content: Content.optional().meta({ description: 'Text; the same as `text`' }),
  text: Content.optional(),
  blob: Content.optional().meta({ description: 'Base64' }),
  tags: Tags.optional(),
  visibility: VisibilityName.optional(),
  enabled: z.boolean().optional(),
};

/** A resource of Forge's own. */
const ResourceCreate = z.strictObject(ResourceFields).meta({
  id: 'ResourceCreate',
  examples: [{ uri: 'config://app/settings', name: 'settings', content: '{}', mimeType: 'application/json' }],
});

/** The body of a change. */
const ResourceUpdate = z
  .strictObject({ ...ResourceFields, uri: ResourceFields.uri.optional(), name: Name.optional() })
  .meta({ id: 'ResourceUpdate' });

/** A resource in answers, without its content. */
export const ResourceRead = z
  .object({
    ...ItemFields,
    uri: z.string(),
    uriTemplate: z.string().nullable().meta({ description: 'For templates' }),
    name: z.string(),
    title: z.string().nullable(),
    description: z.string(),
    mimeType: z.string().nullable(),
    size: z.number().nullable(),
    annotations: z.unknown(),
  })
  .meta({ id: 'ResourceRead' });

/** The content of a resource. */
export const ResourceContent = z
  .object({
    type: z.literal('resource'),
    uri: z.string(),
    mimeType: z.string().optional(),
    text: z.string().optional(),
    blob: z.string().optional(),
    contents: z.array(z.unknown()).optional().meta({ description: 'All parts, where there are several' }),
  })
  .meta({ id: 'ResourceContent' });

const tag = 'Resources';

/** Creates a resource of Forge's own. */
export const createResource = operation({
  id: 'createResource',
  method: 'post',
  path: '/resources',
  tag,
  summary: "Create a resource of Forge's own",
  access: 'admin',
  body: ResourceCreate,
  wrapper: 'resource',
  answer: ResourceRead,
  status: 201,
});

/** Lists resources and resource templates. */
export const listResources = operation({
  id: 'listResources',
  method: 'get',
  path: '/resources',
  tag,
  summary: 'List resources and resource templates',
  access: 'user',
  query: ItemListQuery,
  answer: listOf('resources', ResourceRead),
});

/** Reads the content of a resource. */
export const readResource = operation({
  id: 'readResource',
  method: 'get',
  path: '/resources/{id}',
  tag,
  summary: 'Read the content of a resource, by id, URI or name',
  access: 'user',
  answer: ResourceContent,
});

/** Reads what is known of a resource. */
export const getResource = operation({
  id: 'getResource',
  method: 'get',
  path: '/resources/{id}/info',
  tag,
  summary: 'Read what is known of a resource',
  access: 'user',
  answer: ResourceRead,
});

/** Changes a resource. */
export const updateResource = operation({
  id: 'updateResource',
  method: 'put',
  path: '/resources/{id}',
  tag,
  summary: 'Change a resource',
  access: 'admin',
  body: ResourceUpdate,
  wrapper: 'resource',
  readBack: ResourceRead,
  answer: ResourceRead,
});

/** Deletes a resource. */
export const deleteResource = operation({
  id: 'deleteResource',
  method: 'delete',
  path: '/resources/{id}',
  tag,
  summary: 'Delete a resource',
  access: 'admin',
  answer: Done,
});

/** Enables or disables a resource. */
export const setResourceState = operation({
  id: 'setResourceState',
  method: 'post',
  path: '/resources/{id}/state',
  tag,
  summary: 'Enable or disable a resource',
  access: 'admin',
  query: StateQuery,
  body: StateBody,
  answer: stateOf('resource', ResourceRead),
});

/** The older name of {@link setResourceState}. */
export const toggleResource = operation({ ...setResourceState, id: 'toggleResource', path: '/resources/{id}/toggle' });
