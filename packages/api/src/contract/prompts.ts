/** @module Prompts. */
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

const Argument = z.strictObject({
  name: z.string().min(1).max(64),
  description: Description.nullish().transform((text) => text ?? undefined),
  required: z.boolean().optional(),
});

const PromptFields = {
  name: Name,
  title: Name.optional(),
  description: Description.optional(),
  template: z.string().max(LIMITS.templateLength),
  arguments: z.array(Argument).max(LIMITS.promptArguments).optional(),
  argumentSchema: z
    .looseObject({
      properties: z.record(z.string(), z.looseObject({ description: Description.optional() })).optional(),
      required: z.array(z.string()).optional(),
    })
    .optional()
    .meta({ description: 'A JSON Schema of the arguments, in the place of `arguments`' }),
  tags: Tags.optional(),
  visibility: VisibilityName.optional(),
  enabled: z.boolean().optional(),
};

/** A prompt of Forge's own. */
export const PromptCreate = z.strictObject(PromptFields).meta({
  id: 'PromptCreate',
  examples: [{ name: 'greet', template: 'Hello, {{ user }}!' }],
});

/** The body of a change. */
const PromptUpdate = z
  .strictObject({
    ...PromptFields,
    name: Name.optional(),
    customName: Name.nullable().optional(),
    template: PromptFields.template.optional(),
  })
  .meta({ id: 'PromptUpdate' });

/** A prompt in answers. */
export const PromptRead = z
  .object({
    ...ItemFields,
    name: z.string(),
    originalName: z.string(),
    customName: z.string().nullable(),
    title: z.string().nullable(),
    description: z.string(),
    template: z.string().nullable().meta({ description: "Of Forge's own prompts" }),
    arguments: z.array(
      z.object({ name: z.string(), description: z.string().optional(), required: z.boolean().optional() }),
    ),
  })
  .meta({ id: 'PromptRead' });

/** A rendered prompt: the result of `prompts/get`. */
const RenderedPrompt = z
  .looseObject({ description: z.string().optional(), messages: z.array(z.unknown()) })
  .meta({ id: 'RenderedPrompt' });

const tag = 'Prompts';

/** Creates a prompt of Forge's own. */
export const createPrompt = operation({
  id: 'createPrompt',
  method: 'post',
  path: '/prompts',
  tag,
  summary: "Create a prompt of Forge's own",
  access: 'admin',
  body: PromptCreate,
  wrapper: 'prompt',
  answer: PromptRead,
  status: 201,
});

/** Lists prompts. */
export const listPrompts = operation({
  id: 'listPrompts',
  method: 'get',
  path: '/prompts',
  tag,
  summary: 'List prompts',
  access: 'user',
  query: ItemListQuery,
  answer: listOf('prompts', PromptRead),
});

/** Renders a prompt. */
export const renderPrompt = operation({
  id: 'renderPrompt',
  method: 'post',
  path: '/prompts/{id}',
  tag,
  summary: 'Render a prompt with arguments, by id or name',
  description: 'The body is the arguments, bare or under `args` or `arguments`.',
  access: 'user',
  rawBody: z.record(z.string(), z.unknown()),
  answer: RenderedPrompt,
});

/** Renders a prompt without arguments. */
export const renderPlainPrompt = operation({
  id: 'renderPlainPrompt',
  method: 'get',
  path: '/prompts/{id}',
  tag,
  summary: 'Render a prompt that needs no arguments',
  access: 'user',
  answer: RenderedPrompt,
});

/** Reads what is known of a prompt. */
export const getPrompt = operation({
  id: 'getPrompt',
  method: 'get',
  path: '/prompts/{id}/info',
  tag,
  summary: 'Read what is known of a prompt',
  access: 'user',
  answer: PromptRead,
});

/** Changes a prompt. */
export const updatePrompt = operation({
  id: 'updatePrompt',
  method: 'put',
  path: '/prompts/{id}',
  tag,
  summary: 'Change a prompt',
  access: 'admin',
  body: PromptUpdate,
  wrapper: 'prompt',
  readBack: PromptRead,
  answer: PromptRead,
});

/** Deletes a prompt. */
export const deletePrompt = operation({
  id: 'deletePrompt',
  method: 'delete',
  path: '/prompts/{id}',
  tag,
  summary: 'Delete a prompt',
  access: 'admin',
  answer: Done,
});

/** Enables or disables a prompt. */
export const setPromptState = operation({
  id: 'setPromptState',
  method: 'post',
  path: '/prompts/{id}/state',
  tag,
  summary: 'Enable or disable a prompt',
  access: 'admin',
  query: StateQuery,
  body: StateBody,
  answer: stateOf('prompt', PromptRead),
});

/** The older name of {@link setPromptState}. */
export const togglePrompt = operation({ ...setPromptState, id: 'togglePrompt', path: '/prompts/{id}/toggle' });
