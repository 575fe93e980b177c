/** @module Parts of A2A messages and artifacts, and content of MCP: one as the other. */
import type { Part } from '@a2a-js/sdk';

/** A content block of MCP. */
export type Content = Readonly<Record<string, unknown>> & { readonly type: string };

/** A part of text. */
export function textPart(value: string): Part {
  return { content: { $case: 'text', value }, mediaType: 'text/plain', filename: '', metadata: undefined };
}

/** A part of structured data. */
export function dataPart(value: unknown): Part {
  return { content: { $case: 'data', value }, mediaType: 'application/json', filename: '', metadata: undefined };
}

/** A file by its bytes. */
export function rawPart(base64: string, mediaType = 'application/octet-stream', filename = ''): Part {
  return { content: { $case: 'raw', value: Buffer.from(base64, 'base64') }, mediaType, filename, metadata: undefined };
}

/** A file by its place. */
export function urlPart(value: string, mediaType = '', filename = ''): Part {
  return { content: { $case: 'url', value }, mediaType, filename, metadata: undefined };
}

/** Parts as content; data is shown as text, too, for who reads no `structuredContent`. */
export function toContent(parts: readonly Part[]): Content[] {
  return parts.flatMap((part, index) => {
    const { content, mediaType, filename } = part;
    switch (content?.$case) {
      case 'text':
        return [{ type: 'text', text: content.value }];
      case 'data':
        return [{ type: 'text', text: JSON.stringify(content.value ?? null) }];
      case 'url':
        return [{ type: 'resource_link', uri: content.value, name: filename || content.value, ...typed(mediaType) }];
      case 'raw':
        return [fileContent(Buffer.from(content.value).toString('base64'), mediaType, filename || `file-${index}`)];
      default:
        return [];
    }
  });
}

/** The data of parts, where exactly one is data. */
export function structuredOf(parts: readonly Part[]): unknown {
  const values = parts.flatMap(({ content }) => (content?.$case === 'data' ? [content.value as unknown] : []));
  return values.length === 1 ? values[0] : undefined;
}

/** The words of parts. */
export function wordsOf(parts: readonly Part[]): string {
  return parts.flatMap(({ content }) => (content?.$case === 'text' ? [content.value] : [])).join('\n');
}

/** Content of MCP as parts. */
export function toParts(content: readonly Content[], structured?: unknown): Part[] {
  const shown = structured === undefined ? undefined : JSON.stringify(structured);
  const parts = content.flatMap((block) => (shown !== undefined && isText(block, shown) ? [] : toPart(block)));
  return structured === undefined ? parts : [...parts, dataPart(structured)];
}

function toPart(block: Content): Part[] {
  const { type, text, data, mimeType, uri, name, resource } = block as Record<string, string | undefined> & {
    type: string;
    resource?: unknown;
  };
  switch (type) {
    case 'text':
      return [textPart(text ?? '')];
    case 'image':
    case 'audio':
      return [rawPart(data ?? '', mimeType)];
    case 'resource_link':
      return [urlPart(uri ?? '', mimeType, name)];
    case 'resource': {
      const { blob, ...embedded } = (resource ?? {}) as Record<string, string | undefined>;
      const filename = embedded['uri'] ?? '';
      if (blob !== undefined) return [rawPart(blob, embedded['mimeType'], filename)];
      return [{ ...textPart(embedded['text'] ?? ''), filename, mediaType: embedded['mimeType'] ?? 'text/plain' }];
    }
    default:
      return [dataPart(block)];
  }
}

function fileContent(data: string, mediaType: string, name: string): Content {
  if (mediaType.startsWith('image/')) return { type: 'image', data, mimeType: mediaType };
  if (mediaType.startsWith('audio/')) return { type: 'audio', data, mimeType: mediaType };
  return { type: 'resource', resource: { uri: `a2a:${encodeURIComponent(name)}`, ...typed(mediaType), blob: data } };
}

function typed(mimeType: string): { mimeType?: string } {
  return mimeType === '' ? {} : { mimeType };
}

/** Whether a block is the text of structured content, which servers add for older clients. */
function isText({ type, text }: Content, json: string): boolean {
  if (type !== 'text' || typeof text !== 'string') return false;
  try {
    return JSON.stringify(JSON.parse(text)) === json;
  } catch {
    return false; // not JSON: words of its own
  }
}
