/** @module Prompts and resources that Forge serves itself. */
import { ForgeError, JsonText } from '@forge/protocol';
import type { PromptRecord, ResourceRecord } from '../contracts/model.ts';

/** `prompts/get` of a local prompt: its template with `{{ name }}` places filled in. @throws ForgeError `invalid_params` */
export function renderPrompt(record: PromptRecord, args: Readonly<Record<string, unknown>>): JsonText {
  const definition = JSON.parse(record.definition) as {
    description?: string;
    arguments?: { name: string; required?: boolean }[];
  };
  for (const argument of definition.arguments ?? []) {
    if (argument.required && !Object.hasOwn(args, argument.name)) {
      throw new ForgeError(
        'invalid_params',
        `The prompt "${record.originalName}" needs the argument "${argument.name}"`,
      );
    }
  }
  const text = (record.template ?? '').replaceAll(/\{\{\s*([\w.-]+)\s*\}\}/g, (_, name: string) =>
    Object.hasOwn(args, name) ? String(args[name]) : '',
  );
  return JsonText.of({
    resultType: 'complete',
    ...(definition.description !== undefined && { description: definition.description }),
    messages: [{ role: 'user', content: { type: 'text', text } }],
  });
}

/** `resources/read` of a local resource. */
export function readLocalResource(record: ResourceRecord, ttlMs: number): JsonText {
  const { mimeType } = JSON.parse(record.definition) as { mimeType?: string };
  const content = record.blob === undefined ? { text: record.text ?? '' } : { blob: record.blob };
  return JsonText.of({
    resultType: 'complete',
    contents: [{ uri: record.originalName, ...(mimeType !== undefined && { mimeType }), ...content }],
    ttlMs,
    cacheScope: 'private',
  });
}
