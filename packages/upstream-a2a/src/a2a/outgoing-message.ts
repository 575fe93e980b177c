/** @module Arguments of a tool as the message that an agent gets. */
import { randomUUID } from 'node:crypto';
import { type Message, type Part, Role } from '@a2a-js/sdk';
import { ForgeError } from '@forge/protocol';
import type { Arguments } from '../agent.ts';
import { dataPart, rawPart, textPart, urlPart } from './parts.ts';
import type { SkillTool } from './skill-tools.ts';

/** What a message goes on with. */
export interface Conversation {
  readonly contextId: string;
  /** Of a task that waits for its user. */
  readonly taskId: string;
}

/** The start of a conversation. */
export const NEW_CONVERSATION: Conversation = { contextId: '', taskId: '' };

const MAX_FILES = 64;
const BASE64 = /^[A-Za-z0-9+/\s]*={0,2}\s*$/;

/** The message that a call begins with. @throws ForgeError `invalid_params` naming the argument */
export function messageOf(args: Arguments, { definition, skillId }: SkillTool, conversation: Conversation): Message {
  const { query, data = {}, files = [], contextId: _, ...others } = args;
  if (query !== undefined && typeof query !== 'string') throw invalid('query', 'must be a text');
  if (typeof data !== 'object' || data === null || Array.isArray(data)) throw invalid('data', 'must be an object');
  const structured = { ...data, ...others };
  const parts = [
    ...(query === undefined || query === '' ? [] : [textPart(query)]),
    ...(Object.keys(structured).length === 0 ? [] : [dataPart(structured)]),
    ...fileParts(files),
  ];
  if (parts.length === 0 && skillId === undefined) throw invalid('query', 'is missing');
  // A skill that takes nothing is called by its name.
  const said = parts.length === 0 ? [textPart(definition.title ?? definition.name)] : parts;
  return message(said, conversation, skillId === undefined ? undefined : { skillId });
}

/** A message of the user's. */
export function message(
  parts: Part[],
  { contextId, taskId }: Conversation,
  metadata?: Record<string, unknown>,
): Message {
  const messageId = randomUUID();
  return { messageId, contextId, taskId, role: Role.ROLE_USER, parts, metadata, extensions: [], referenceTaskIds: [] };
}

function fileParts(files: unknown): Part[] {
  if (!Array.isArray(files)) throw invalid('files', 'must be a list');
  if (files.length > MAX_FILES) throw invalid('files', `must be at most ${MAX_FILES}`);
  return (files as unknown[]).map((file, index) => {
    const { name = '', mimeType, data, url } = (file ?? {}) as Record<string, unknown>;
    const field = `files[${index}]`;
    if (typeof name !== 'string') throw invalid(`${field}.name`, 'must be a text');
    if (mimeType !== undefined && typeof mimeType !== 'string') throw invalid(`${field}.mimeType`, 'must be a text');
    if (typeof url === 'string' && URL.canParse(url)) return urlPart(url, mimeType, name);
    if (typeof data === 'string' && BASE64.test(data)) return rawPart(data, mimeType, name);
    throw invalid(field, 'must have "data" in base64, or a "url"');
  });
}

function invalid(argument: string, message: string): ForgeError {
  return new ForgeError('invalid_params', `${argument}: ${message}`);
}
