/** @module For tests: documents, mapped without a thread. */
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import type { RestOperation } from '../config/operation.ts';
import { type Load, loadDocuments } from './load.ts';
import { type ImportChoice, type ImportResult, mapDocument } from './map-document.ts';

/** The base URL of documents that name no server. */
export const BASE = 'https://api.example.com/v1';

/** How {@link map} maps. */
export interface MapOptions extends ImportChoice {
  readonly documentUrl?: string;
  readonly load?: Load;
}

/** Maps a document, or the text of one. */
export async function map(document: unknown, { documentUrl, load, ...choice }: MapOptions = {}): Promise<ImportResult> {
  const text = typeof document === 'string' ? document : JSON.stringify(document);
  const root = documentUrl ?? 'document:///description';
  const nothing: Load = () => Promise.reject(new Error('there is nothing'));
  const documents = await loadDocuments(text, root, load ?? nothing);
  return mapDocument(root, documents, documentUrl, documentUrl === undefined ? { baseUrl: BASE, ...choice } : choice);
}

/** An OpenAPI 3.1 document of some paths. */
export function documentOf(paths: object, more: object = {}): object {
  return { openapi: '3.1.0', info: { title: 'Test', version: '1' }, paths, ...more };
}

/** The tool that one operation of a document becomes. @throws when it becomes none */
export async function toolOf(
  operation: object,
  { method = 'get', path = '/things', ...more }: { method?: string; path?: string; [member: string]: unknown } = {},
): Promise<RestOperation & { readonly notes: readonly string[] }> {
  const { config, operations, skipped } = await map(documentOf({ [path]: { [method]: operation } }, more));
  const [tool] = config.operations;
  if (tool === undefined) throw new Error(skipped.map(({ reason }) => reason).join());
  return { ...tool, notes: operations[0]?.notes ?? [] };
}

/** One of the large documents in `fixtures`, as text. */
export function largeDocument(name: 'github' | 'stripe' | 'kubernetes'): string {
  return brotliDecompressSync(readFileSync(new URL(`fixtures/${name}.json.br`, import.meta.url))).toString();
}
