/** @module Reads a document with those that it refers to: relative references only, to a bound. */
import { MAX_BYTES, parseDocument } from './parse.ts';
import { absolute, type Referred } from './references.ts';
import { clip } from './values.ts';

/** Reads the text at a URL. What it rejects with is shown to whoever imports. */
export type Load = (url: string) => Promise<string>;

/** Documents that one may refer to, itself included. */
const MAX_DOCUMENTS = 100;
/** Values that are looked through for references. */
const MAX_VALUES = 5_000_000;

/**
 * The documents by URL. One that cannot be read is there with the reason: only operations that need it suffer.
 *
 * @param root the URL of `text`; what it refers to must be at the same origin
 * @throws DocumentError where `text` itself is broken
 */
export async function loadDocuments(text: string, root: string, load: Load): Promise<ReadonlyMap<string, Referred>> {
  const main = parseDocument(text);
  const documents = new Map<string, Referred>([[root, { document: main }]]);
  const waiting = [...referredBy(main, root)];
  let bytes = text.length;
  for (let url = waiting.shift(); url !== undefined; url = waiting.shift()) {
    if (documents.has(url)) continue;
    if (documents.size >= MAX_DOCUMENTS) break;
    const referred = await loadOne(url, root, MAX_BYTES - bytes, load);
    documents.set(url, referred);
    if (!('document' in referred)) continue;
    bytes += referred.bytes;
    for (const other of referredBy(referred.document, url)) waiting.push(other);
  }
  return documents;
}

type Loaded = Extract<Referred, { problem: string }> | (Extract<Referred, { document: unknown }> & { bytes: number });

async function loadOne(url: string, root: string, room: number, load: Load): Promise<Loaded> {
  if (url.startsWith('document:')) {
    return { problem: 'it is relative to a place that is not known; give the URL of the document, too, or bundle it' };
  }
  if (!isBeside(url, root)) return { problem: 'only documents at the same place as the first one are read' };
  try {
    const text = await load(url);
    if (text.length > room) return { problem: `all documents together have more than ${MAX_BYTES} bytes` };
    return { document: parseDocument(text), bytes: text.length };
  } catch (error) {
    return { problem: clip((error as Error).message, 200) };
  }
}

/** Same scheme, host and port: `origin` says "null" of schemes that it does not know. */
function isBeside(url: string, root: string): boolean {
  const [one, other] = [new URL(url), new URL(root)];
  return one.protocol === other.protocol && one.host === other.host && one.username === '' && one.password === '';
}

/** The other documents that a document refers to. */
function referredBy(document: unknown, base: string): Set<string> {
  const urls = new Set<string>();
  const seen = new Set<object>(); // aliases of YAML: one value in many places
  const waiting: unknown[] = [document];
  for (let value = waiting.pop(); value !== undefined && seen.size < MAX_VALUES; value = waiting.pop()) {
    if (typeof value !== 'object' || value === null || seen.has(value)) continue;
    seen.add(value);
    const ref = (value as { $ref?: unknown }).$ref;
    if (typeof ref === 'string' && !ref.startsWith('#')) {
      const url = absolute(ref, base)?.split('#', 1)[0];
      if (url !== undefined && url !== base && urls.size < MAX_DOCUMENTS) urls.add(url);
    }
    for (const member of Object.values(value)) if (typeof member === 'object') waiting.push(member ?? {});
  }
  return urls;
}
