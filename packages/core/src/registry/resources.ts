/** @module Resources of Forge's own: a URI with its content. */
import { JsonText } from '@forge/protocol';
import type { ResourceRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import { requireAdmin } from './access.ts';
import { checkLine, checkText, invalid } from './checks.ts';
import { type EntityInput, newEntity, type RegistryContext } from './context.ts';
import { createItems, type ItemPatch, type ItemRegistry, type Named, refuseForeign } from './items.ts';
import { LIMITS } from './limits.ts';

/** A resource of Forge's own: `text` or `blob`, one of the two. */
export interface ResourceInput extends EntityInput {
  readonly uri: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** @default `text/plain` for text, `application/octet-stream` for a blob */
  readonly mimeType?: string | undefined;
  readonly text?: string | undefined;
  /** Base64. */
  readonly blob?: string | undefined;
}

/** What may change about a resource; the parts of {@link ResourceInput} only where it is Forge's own. */
export type ResourcePatch = ItemPatch & Partial<ResourceInput>;

/** Registered resources and resource templates. */
export interface ResourceRegistry extends ItemRegistry<ResourceRecord, ResourcePatch> {
  /** @throws ForgeError `validation_failed`, `conflict` for a URI that exists */
  create(principal: Principal, input: ResourceInput): Promise<Named<ResourceRecord>>;
}

interface ResourceDefinition {
  readonly uri: string;
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly mimeType: string;
  readonly size: number;
}

const URI = /^[A-Za-z][A-Za-z0-9+.-]*:[^\s<>"{}|\\^`]+$/;
const MIME = /^[\w!#$&^.+-]+\/[\w!#$&^.+-]+(\s*;\s*[\w-]+=("[^"\\]*"|[\w!#$&^.+-]+))*$/;
const BASE64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The resource part of a registry. */
export function createResources(context: RegistryContext): ResourceRegistry {
  const items = createItems<ResourceRecord, ResourcePatch>(context, { kind: 'resources', noun: 'resource', edit });
  return {
    ...items,
    async create(principal, input) {
      requireAdmin(principal);
      const row: ResourceRecord = { ...newEntity(context, principal, input), position: 0, ...localResource(input) };
      await context.store.resources.insert(row);
      await context.changed();
      return { ...row, name: row.originalName };
    },
  };
}

function edit(row: ResourceRecord, patch: ResourcePatch): ResourceRecord {
  const before = JSON.parse(row.definition) as ResourceDefinition;
  if (row.upstreamId !== undefined) {
    for (const field of ['uri', 'name', 'title', 'description', 'mimeType', 'text', 'blob'] as const) {
      const value = field === 'text' || field === 'blob' ? undefined : before[field];
      if (patch[field] !== undefined && patch[field] !== value) refuseForeign(row, field);
    }
    return row;
  }
  const content = patch.text === undefined && patch.blob === undefined ? row : patch;
  const input: ResourceInput = {
    uri: patch.uri ?? before.uri,
    name: patch.name ?? before.name,
    title: patch.title ?? before.title,
    description: patch.description ?? before.description,
    mimeType: patch.mimeType ?? before.mimeType,
    text: content.text,
    blob: content.blob,
  };
  return { ...row, ...localResource(input) };
}

function localResource(
  input: ResourceInput,
): Pick<ResourceRecord, 'originalName' | 'definition' | 'isTemplate' | 'text' | 'blob'> {
  const uri = checkLine('uri', input.uri, LIMITS.urlLength);
  if (!URI.test(uri)) throw invalid('uri', 'must be an absolute URI, e.g. config://app/settings');
  const { text, blob } = input;
  if ((text === undefined) === (blob === undefined)) throw invalid('content', 'send either text or a blob');
  const mimeType = input.mimeType ?? (text === undefined ? 'application/octet-stream' : 'text/plain');
  if (mimeType.length > 255 || !MIME.test(mimeType)) throw invalid('mimeType', 'is not a media type');
  const definition: ResourceDefinition = {
    uri,
    name: checkLine('name', input.name, LIMITS.nameLength),
    title: input.title && checkLine('title', input.title, LIMITS.nameLength),
    description: input.description && checkText('description', input.description, LIMITS.descriptionLength),
    mimeType,
    size: text === undefined ? checkBlob(blob ?? '') : new TextEncoder().encode(text).length,
  };
  if (definition.size > LIMITS.contentLength) throw invalid('content', `must be at most ${LIMITS.contentLength} bytes`);
  return { originalName: uri, definition: JsonText.of(definition).text, isTemplate: false, text, blob };
}

/** Bytes of a blob. */
function checkBlob(blob: string): number {
  if (blob.length % 4 !== 0 || !BASE64.test(blob)) throw invalid('blob', 'is not base64');
  const padding = blob.endsWith('==') ? 2 : Number(blob.endsWith('='));
  return (blob.length / 4) * 3 - padding;
}
