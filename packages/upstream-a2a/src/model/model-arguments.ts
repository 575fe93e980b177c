/** @module What a model is asked: words, and images. */
import { ForgeError } from '@forge/protocol';
import type { Arguments } from '../agent.ts';

/** An image for a model. */
export type ModelImage = { readonly url: string } | { readonly mimeType: string; readonly data: string };

/** What a model is asked. */
export interface ModelPrompt {
  readonly query: string;
  readonly images: readonly ModelImage[];
}

const MAX_FILES = 64;

/** The schema of {@link readPrompt}'s arguments. */
export const MODEL_SCHEMA = {
  type: 'object',
  properties: {
    query: { type: 'string', description: 'What to ask' },
    files: {
      type: 'array',
      description: 'Images, each in base64 or by its URL',
      items: {
        type: 'object',
        properties: { mimeType: { type: 'string' }, data: { type: 'string' }, url: { type: 'string' } },
      },
    },
  },
  required: ['query'],
};

/** @throws ForgeError `invalid_params` naming the argument */
export function readPrompt({ query, files = [] }: Arguments): ModelPrompt {
  if (typeof query !== 'string' || query === '') throw invalid('query', 'must be a text');
  if (!Array.isArray(files) || files.length > MAX_FILES)
    throw invalid('files', `must be a list of at most ${MAX_FILES}`);
  const images = (files as unknown[]).map((file, index): ModelImage => {
    const { url, mimeType, data } = (file ?? {}) as Record<string, unknown>;
    if (typeof url === 'string') return { url };
    if (typeof data === 'string' && typeof mimeType === 'string' && mimeType.startsWith('image/'))
      return { mimeType, data };
    throw invalid(`files[${index}]`, 'must be an image: "data" in base64 with a "mimeType" of image/..., or a "url"');
  });
  return { query, images };
}

function invalid(argument: string, message: string): ForgeError {
  return new ForgeError('invalid_params', `${argument}: ${message}`);
}
