/**
 * @module The user interfaces of tools (MCP Apps): a tool names its own by URI, and servers may leave them out of their lists
 * of resources. Whoever may call the tool may read them.
 */
import { JsonText } from '@forge/protocol';
import type { ItemRecord, ResourceRecord } from '../contracts/model.ts';
import type { Route } from './view.ts';

/**
 * The routes of a view's resources with those that its tools name. What is listed has its place already.
 *
 * @param hidden resources that the audience must not see, by which road ever
 */
export function withUiResources(
  listed: Map<string, Route>,
  tools: ReadonlyMap<string, Route>,
  hidden: readonly ResourceRecord[],
): Map<string, Route> {
  const refused = new Set(hidden.map(({ upstreamId, originalName }) => `${upstreamId} ${originalName}`));
  for (const { itemId, upstreamId, record } of tools.values()) {
    const uri = uiOf(record);
    if (uri === undefined || listed.has(uri) || refused.has(`${upstreamId} ${uri}`)) continue;
    listed.set(uri, { itemId, upstreamId, originalName: uri, record });
  }
  return listed;
}

/** `_meta.ui.resourceUri`, or its older form `_meta["ui/resourceUri"]`. */
function uiOf({ definition }: ItemRecord): string | undefined {
  if (!definition.includes('_meta')) return undefined;
  const meta = new JsonText(definition).member('_meta');
  const uri = (meta?.member('ui')?.member('resourceUri') ?? meta?.member('ui/resourceUri'))?.value;
  return typeof uri === 'string' && uri.startsWith('ui://') ? uri : undefined;
}
