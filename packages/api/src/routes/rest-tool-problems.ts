/** @module What is wrong with a REST tool, in the fields that its body has: it is an upstream below, with fields of its own. */
import { ForgeError, type Principal, type Registry } from '@forge/core';
import { invalidInput, isObject } from '../http/keys.ts';
import type { Issue } from '../http/issues.ts';

/** Fields of the one operation, by what the body calls them. */
const FIELDS: Readonly<Record<string, string>> = {
  method: 'requestType',
  path: 'pathTemplate',
  filter: 'jsonpathFilter',
  allowedHosts: 'allowlist',
};
const OPERATION = /^config\.operations\.0\.(\w+)(.*)$/;
const NAME_RULE = 'must be 1 to 64 of the characters A-Z a-z 0-9 _ . / -';

/**
 * Does something with the upstream of a tool; what is wrong is told as if there were only the tool.
 *
 * @throws ForgeError `validation_failed` naming fields of the body, `conflict` naming the tool that has the name
 */
export async function asTool<T>(
  { registry, principal }: { readonly registry: Registry; readonly principal: Principal },
  made: { readonly config?: string | null | undefined },
  act: () => Promise<T>,
): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (!(error instanceof ForgeError)) throw error;
    if (error.code === 'conflict') throw await toolConflict(registry, principal, error);
    const issues = error.code === 'validation_failed' ? error.data?.['issues'] : undefined;
    if (!Array.isArray(issues)) throw error;
    throw invalidInput((issues as Issue[]).map((issue) => inBody(issue, made.config ?? '{}')));
  }
}

/** One issue of the upstream as one of the body. */
function inBody({ field, message }: Issue, config: string): Issue {
  const [, part = '', rest = ''] = OPERATION.exec(field) ?? [];
  if (part === '') return { field, message };
  if (part === 'name') return { field: 'name', message: NAME_RULE };
  if (part === 'parameters') return { field: mappingOf(Number(rest.split('.')[1]), config), message };
  return { field: (FIELDS[part] ?? part) + (part === 'filter' ? '' : rest), message };
}

/** The mapping that a parameter comes from. */
function mappingOf(at: number, config: string): string {
  const { operations } = JSON.parse(config) as {
    operations?: readonly { readonly parameters?: readonly { readonly argument: string; readonly in: string }[] }[];
  };
  const parameter = operations?.[0]?.parameters?.[at];
  return `${parameter?.in === 'header' ? 'headerMapping' : 'queryMapping'}.${parameter?.argument ?? ''}`;
}

/** The name was taken by an upstream; where that is a tool, it is the tool that is told. */
async function toolConflict({ tools }: Registry, principal: Principal, error: ForgeError): Promise<ForgeError> {
  const upstreamId = error.data?.['id'];
  if (typeof upstreamId !== 'string') return error;
  const { items } = await tools.list(principal, { limit: 2, upstreamId, includeDisabled: true });
  const [tool, other] = items;
  if (tool === undefined || other !== undefined) return error;
  const hint = tool.enabled ? '' : '; it is inactive: activate it instead';
  return new ForgeError('conflict', `The tool "${tool.originalName}" (${tool.id}) has this name${hint}`, {
    data: { id: tool.id, enabled: tool.enabled },
  });
}

/** Names what is missing where it was looked for: in `auth`, where members have shorter names. */
export function inAuth<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    const issues = error instanceof ForgeError && isObject(error.data) ? error.data['issues'] : undefined;
    if (!Array.isArray(issues)) throw error;
    throw invalidInput(
      (issues as Issue[]).map(({ field, message }) => ({ field: `auth.${AUTH[field] ?? field}`, message })),
    );
  }
}

const AUTH: Readonly<Record<string, string>> = {
  authUsername: 'username',
  authPassword: 'password',
  authToken: 'token',
};
