/** @module The plugins that there are. */
import { z } from 'zod';
import { operation } from './operation.ts';

/** A plugin in answers. */
export const PluginRead = z
  .object({
    name: z.string(),
    kind: z.string(),
    description: z.string(),
    author: z.string(),
    version: z.string(),
    mode: z.enum(['enforce', 'permissive', 'audit', 'disabled']),
    priority: z.int(),
    hooks: z.array(z.enum(['tool_pre_invoke', 'tool_post_invoke'])),
    tags: z.array(z.string()),
    status: z.enum(['enabled', 'disabled']),
    chainOnly: z.boolean().meta({ description: 'Only tools whose chains name it have it' }),
    error: z.string().nullable().meta({ description: 'Why it is no longer asked, where a failure disabled it' }),
  })
  .meta({ id: 'PluginRead' });

/** Lists plugins. */
export const listPlugins = operation({
  id: 'listPlugins',
  method: 'get',
  path: '/plugins',
  tag: 'Plugins',
  summary: 'List the plugins of this gateway, in the order in which they are asked',
  access: 'admin',
  query: z.strictObject({
    search: z.string().max(256).optional().meta({ description: 'In name, description and author' }),
    mode: z.string().max(40).optional(),
    hook: z.string().max(40).optional(),
    tag: z.string().max(256).optional(),
  }),
  answer: z
    .object({
      pluginsGloballyEnabled: z.boolean(),
      plugins: z.array(PluginRead),
      total: z.int(),
      enabledCount: z.int(),
      disabledCount: z.int(),
    })
    .meta({ id: 'PluginList' }),
});
