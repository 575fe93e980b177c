/** @module Shows a part of a server's tools; the others do not exist, neither in lists nor for calls. */
import { type Endpoint, ForgeError, errorOutcome } from '@forge/protocol';

/** Whether a tool of this name is there. */
export type ToolFilter = (name: string) => boolean;

/**
 * Reads globs, `*` and `?`. A tool is there that some glob allows, or any where all of them deny, and that none denies by a
 * leading `!`.
 *
 * @example
 * const shown = toolFilter(['read_*', '!read_secret']);
 */
export function toolFilter(globs: readonly string[]): ToolFilter {
  const denied = globs.filter((glob) => glob.startsWith('!')).map((glob) => pattern(glob.slice(1)));
  const allowed = globs.filter((glob) => !glob.startsWith('!')).map(pattern);
  const some = (patterns: readonly RegExp[], name: string): boolean => patterns.some((one) => one.test(name));
  return (name) => (allowed.length === 0 || some(allowed, name)) && !some(denied, name);
}

/** The same endpoint with only these tools. */
export function withTools(endpoint: Endpoint, shows: ToolFilter): Endpoint {
  return {
    ...endpoint,
    async handle(request, exchange) {
      if (request.method === 'tools/call' && !shows(request.target ?? '')) {
        return errorOutcome(new ForgeError('invalid_params', `Unknown tool: ${request.target ?? ''}`));
      }
      const outcome = await endpoint.handle(request, exchange);
      if (request.method !== 'tools/list' || outcome.result === undefined) return outcome;
      const tools = outcome.result.member('tools')?.elements() ?? [];
      const shown = tools.filter((tool) => shows(String(tool.member('name')?.value)));
      if (shown.length === tools.length) return outcome;
      return {
        era: outcome.era,
        result: outcome.result.with({ tools: `[${shown.map(({ text }) => text).join(',')}]` }),
      };
    },
  };
}

function pattern(glob: string): RegExp {
  const source = glob
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's');
}
