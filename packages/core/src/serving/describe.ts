/** @module What a virtual server says of itself: the union of what its upstreams can do. */
import {
  declaresTasks,
  JsonText,
  passingExtensions,
  type ServerDescription,
  TASKS_EXTENSION,
  type UpstreamInfo,
} from '@forge/protocol';
import type { ServerRecord } from '../contracts/model.ts';
import type { View } from '../catalog/view.ts';

/** Instructions of several upstreams together are cut here, in characters. */
const MAX_INSTRUCTIONS = 16_384;

/** Forge's own `Implementation`. */
export interface Identity {
  readonly name: string;
  readonly version: string;
}

/** Describes the endpoint of `server` (`undefined`: the aggregate of everything). */
export function describeServer(
  server: ServerRecord | undefined,
  view: View,
  infos: readonly { readonly name: string; readonly info: UpstreamInfo }[],
  identity: Identity,
): ServerDescription {
  const only = view.wholeUpstream === undefined ? undefined : infos[0]?.info.description;
  return {
    serverInfo: only?.serverInfo ?? JsonText.of({ ...identity, ...(server && { title: server.name }) }),
    capabilities: capabilitiesOf(
      view,
      infos.map(({ info }) => info),
    ),
    instructions: only ? only.instructions : joinInstructions(server, infos),
    ttlMs: 0,
    cacheScope: 'private',
  };
}

function capabilitiesOf(view: View, infos: readonly UpstreamInfo[]): JsonText {
  const declared = infos.map(
    (info) => info.description.capabilities.value as Record<string, Record<string, unknown> | undefined>,
  );
  const some = (name: string): boolean => declared.some((capabilities) => capabilities[name] !== undefined);
  const capabilities: Record<string, unknown> = {};
  if (some('tools') || view.tools.size > 0) capabilities['tools'] = { listChanged: true };
  if (some('prompts') || view.prompts.size > 0) capabilities['prompts'] = { listChanged: true };
  if (some('resources') || view.resources.size + view.templates.length > 0) {
    const subscribe = declared.some((one) => one['resources']?.['subscribe'] === true);
    capabilities['resources'] = { ...(subscribe && { subscribe }), listChanged: true };
  }
  if (some('completions')) capabilities['completions'] = {};
  if (some('logging')) capabilities['logging'] = {};
  const text = JsonText.of(capabilities);
  const extensions = extensionsOf(infos);
  return Object.keys(extensions).length === 0
    ? text
    : text.with({ extensions: new JsonText('{}').with(extensions).text });
}

/** Settings by name, as JSON text. Where two servers declare an extension with different settings, those of the first count. */
function extensionsOf(infos: readonly UpstreamInfo[]): Record<string, string> {
  const declared = infos.map(({ description }) => description.capabilities);
  const extensions: Record<string, string> = {};
  for (const capabilities of declared.toReversed()) Object.assign(extensions, passingExtensions(capabilities));
  if (declared.some(declaresTasks)) extensions[TASKS_EXTENSION] = '{}';
  return extensions;
}

function joinInstructions(
  server: ServerRecord | undefined,
  infos: readonly { readonly name: string; readonly info: UpstreamInfo }[],
): string | undefined {
  const parts = infos.flatMap(({ name, info }) =>
    info.description.instructions ? [`## ${name}\n${info.description.instructions}`] : [],
  );
  if (server?.description) parts.unshift(server.description);
  return parts.length === 0 ? undefined : parts.join('\n\n').slice(0, MAX_INSTRUCTIONS);
}
