/** @module What an import changes. */
import type { OpenApiTool } from './openapi-importer.ts';

/** An operation by which a difference is named. */
export type Named = Pick<OpenApiTool, 'name' | 'method' | 'path'>;

/** Operations that are told apart by the names of their tools. */
export interface OperationDiff {
  readonly added: Named[];
  readonly changed: (Named & { readonly fields: string[] })[];
  readonly removed: Named[];
  readonly unchanged: number;
}

/** Compares the operations of two configurations. */
export function diffOperations(before: readonly OpenApiTool[], after: readonly OpenApiTool[]): OperationDiff {
  const old = new Map(before.map((tool) => [tool.name, tool]));
  const names = new Set(after.map(({ name }) => name));
  const compared = after.map((tool) => ({ tool, fields: changedFields(old.get(tool.name), tool) }));
  const changed = compared.flatMap(({ tool, fields }) =>
    fields === undefined || fields.length === 0 ? [] : [{ ...nameOf(tool), fields }],
  );
  return {
    added: compared.filter(({ fields }) => fields === undefined).map(({ tool }) => nameOf(tool)),
    changed,
    removed: before.filter(({ name }) => !names.has(name)).map(nameOf),
    unchanged: compared.filter(({ fields }) => fields?.length === 0).length,
  };
}

/** `undefined`: it is new. */
function changedFields(before: OpenApiTool | undefined, after: OpenApiTool): string[] | undefined {
  if (before === undefined) return undefined;
  const [one, other] = [Object.entries(before), Object.entries(after)].map((entries) => new Map(entries));
  const fields = new Set([...(one?.keys() ?? []), ...(other?.keys() ?? [])]);
  return [...fields].filter((field) => JSON.stringify(one?.get(field)) !== JSON.stringify(other?.get(field)));
}

function nameOf({ name, method, path }: OpenApiTool): Named {
  return { name, method, path };
}
