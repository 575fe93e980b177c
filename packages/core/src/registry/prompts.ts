/** @module Prompts of Forge's own: a template with `{{ name }}` places. */
import { JsonText } from '@forge/protocol';
import type { PromptRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import { requireAdmin } from './access.ts';
import { checkCount, checkLine, checkText, invalid } from './checks.ts';
import { type EntityInput, newEntity, type RegistryContext } from './context.ts';
import { createItems, type ItemPatch, type ItemRegistry, type Named, refuseForeign } from './items.ts';
import { LIMITS } from './limits.ts';

/** An argument of a prompt, as the protocol has it. */
export interface PromptArgument {
  readonly name: string;
  readonly description?: string | undefined;
  readonly required?: boolean | undefined;
}

/** A prompt of Forge's own. */
export interface PromptInput extends EntityInput {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** Text with `{{ name }}` places; nothing else between double braces, and no `{% %}`. */
  readonly template: string;
  /** @default every place of the template, required */
  readonly arguments?: readonly PromptArgument[] | undefined;
}

/** What may change about a prompt; the parts of {@link PromptInput} only where it is Forge's own. */
export type PromptPatch = ItemPatch & Partial<PromptInput>;

/** Registered prompts. */
export interface PromptRegistry extends ItemRegistry<PromptRecord, PromptPatch> {
  /** @throws ForgeError `validation_failed`, `conflict` for a name that exists */
  create(principal: Principal, input: PromptInput): Promise<Named<PromptRecord>>;
}

interface PromptDefinition {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly arguments?: readonly PromptArgument[] | undefined;
}

const NAME = /^[A-Za-z0-9_./-]{1,64}$/;
const ARGUMENT = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;
const PLACE = /\{\{\s*([A-Za-z_][A-Za-z0-9_]{0,63})\s*\}\}/g;

/** Names of the places of a template, in order, each once. */
function templatePlaces(template: string): string[] {
  return [...new Set([...template.matchAll(PLACE)].map((match) => match[1] as string))];
}

/** The prompt part of a registry. */
export function createPrompts(context: RegistryContext): PromptRegistry {
  const items = createItems<PromptRecord, PromptPatch>(context, { kind: 'prompts', noun: 'prompt', edit });
  return {
    ...items,
    async create(principal, input) {
      requireAdmin(principal);
      const row: PromptRecord = { ...newEntity(context, principal, input), position: 0, ...localPrompt(input) };
      await context.store.prompts.insert(row);
      await context.changed();
      return { ...row, name: row.originalName };
    },
  };
}

function edit(row: PromptRecord, patch: PromptPatch): PromptRecord {
  const { name, title, description, template } = patch;
  const before = JSON.parse(row.definition) as PromptDefinition;
  if (row.template === undefined) {
    if (description !== undefined && description !== (before.description ?? '')) refuseForeign(row, 'description');
    for (const field of ['name', 'title', 'template', 'arguments'] as const) {
      if (patch[field] !== undefined) refuseForeign(row, field);
    }
    return row;
  }
  const known = new Map(before.arguments?.map((argument) => [argument.name, argument]));
  const places = template === undefined ? undefined : templatePlaces(template);
  const input: PromptInput = {
    name: name ?? before.name,
    title: title ?? before.title,
    description: description ?? before.description,
    template: template ?? row.template,
    arguments: patch.arguments ?? places?.map((place) => known.get(place) ?? newArgument(place)) ?? before.arguments,
  };
  return { ...row, ...localPrompt(input) };
}

function localPrompt(input: PromptInput): Pick<PromptRecord, 'originalName' | 'definition' | 'template'> {
  const name = checkLine('name', input.name, LIMITS.nameLength);
  if (!NAME.test(name)) throw invalid('name', 'must be 1 to 64 of the characters A-Z a-z 0-9 _ . / -');
  const template = checkTemplate(input.template);
  const definition: PromptDefinition = {
    name,
    title: input.title && checkLine('title', input.title, LIMITS.nameLength),
    description: input.description && checkText('description', input.description, LIMITS.descriptionLength),
    arguments: checkArguments(input.arguments ?? templatePlaces(template).map(newArgument), template),
  };
  return { originalName: name, definition: JsonText.of(definition).text, template };
}

function newArgument(name: string): PromptArgument {
  return { name, required: true };
}

function checkTemplate(text: string): string {
  const template = checkText('template', text, LIMITS.templateLength);
  const rest = template.replaceAll(PLACE, '');
  if (template.trim() === '') throw invalid('template', 'must not be empty');
  if (rest.includes('{{') || rest.includes('{%')) {
    throw invalid('template', 'only places like {{ name }} are understood, no expressions and no statements');
  }
  return template;
}

function checkArguments(list: readonly PromptArgument[], template: string): readonly PromptArgument[] {
  const names = new Set<string>();
  const checked = checkCount('arguments', list, LIMITS.promptArguments).map(({ name, description, required }) => {
    if (!ARGUMENT.test(name)) throw invalid('arguments', `"${name.slice(0, 40)}" is not a name that a place can have`);
    if (names.has(name)) throw invalid('arguments', `"${name}" stands twice`);
    names.add(name);
    return {
      name,
      description: description && checkText('arguments', description, LIMITS.descriptionLength),
      required,
    };
  });
  const missing = templatePlaces(template).filter((place) => !names.has(place));
  if (missing.length > 0)
    throw invalid('arguments', `the template has places without an argument: ${missing.join(', ')}`);
  return checked;
}
