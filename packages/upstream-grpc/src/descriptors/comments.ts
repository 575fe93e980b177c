/** @module The comments of descriptors, for those who have to use what they describe. */
import type { DescField, DescMessage, FileRegistry } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';

/** The comment on something, `undefined` where there is none. */
export type CommentOf = (described: { readonly proto: object }) => string | undefined;

/** A comment that is longer is cut. */
const MAX_LENGTH = 1000;

/** Reads the comments of all files; sources without them, such as most reflection, have none. */
export function readComments(files: FileRegistry): CommentOf {
  const comments = new Map<object, string>();
  for (const { proto } of files.files) {
    for (const { path, leadingComments, trailingComments } of proto.sourceCodeInfo?.location ?? []) {
      const text = tidy(leadingComments || trailingComments);
      const target = text === '' ? undefined : follow(proto, path);
      if (target !== undefined) comments.set(target, text);
    }
  }
  return ({ proto }) => comments.get(proto);
}

/** The element that a path of field numbers and indices leads to, as `SourceCodeInfo` has them. */
function follow(file: object, path: readonly number[]): object | undefined {
  let element = file as Record<string, unknown>;
  let type: DescMessage | undefined = FileDescriptorProtoSchema;
  for (let at = 0; at + 1 < path.length; at += 2) {
    const field: DescField | undefined = type?.fields.find(({ number }) => number === path[at]);
    const list = field && (element[field.localName] as readonly Record<string, unknown>[] | undefined);
    const next = Array.isArray(list) ? list[path[at + 1] ?? 0] : undefined;
    if (typeof next !== 'object') return undefined;
    element = next as Record<string, unknown>;
    type = field?.message;
  }
  return path.length % 2 === 0 ? element : undefined;
}

function tidy(comment: string): string {
  const text = comment.replaceAll(/^ /gm, '').trim();
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH)}…`;
}
