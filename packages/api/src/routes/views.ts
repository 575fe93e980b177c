/** @module Records as answers show them. */
import type { Named, PromptRecord, Registry, ResourceRecord, ServerRecord, ToolRecord } from '@forge/core';
import type { AnyItem, Entity, ItemRecord } from '@forge/core';
import type { z } from 'zod';
import type { PromptRead } from '../contract/prompts.ts';
import type { ResourceRead } from '../contract/resources.ts';
import type { ServerRead } from '../contract/servers.ts';

/** A moment as ISO 8601. */
export function iso(at: number): string {
  return new Date(at).toISOString();
}

/** A moment that may not have been. */
export function isoOrNull(at: number | undefined): string | null {
  return at === undefined ? null : iso(at);
}

/** What every thing tells of itself. */
export function entityView(row: Entity) {
  const { id, enabled, visibility, tags, owner, version, createdAt, updatedAt } = row;
  return {
    id,
    enabled,
    visibility,
    tags: [...tags],
    ownerEmail: owner,
    version,
    createdAt: iso(createdAt),
    updatedAt: iso(updatedAt),
  };
}

/** A tool, without what is behind it. */
export function toolView(registry: Registry, row: Named<ToolRecord>) {
  const definition = definitionOf(row);
  return {
    ...itemView(registry, row),
    name: row.name,
    originalName: row.originalName,
    customName: row.customName ?? null,
    title: textOrNull(definition['title']),
    description: textOrNull(definition['description']) ?? '',
    inputSchema: definition['inputSchema'] ?? null,
    outputSchema: definition['outputSchema'] ?? null,
    annotations: definition['annotations'] ?? null,
  };
}

/** A prompt. */
export function promptView(registry: Registry, row: Named<PromptRecord>): z.input<typeof PromptRead> {
  const definition = definitionOf(row);
  return {
    ...itemView(registry, row),
    name: row.name,
    originalName: row.originalName,
    customName: row.customName ?? null,
    title: textOrNull(definition['title']),
    description: textOrNull(definition['description']) ?? '',
    template: row.template ?? null,
    arguments: (definition['arguments'] ?? []) as z.input<typeof PromptRead>['arguments'],
  };
}

/** A resource, without its content. */
export function resourceView(registry: Registry, row: Named<ResourceRecord>): z.input<typeof ResourceRead> {
  const definition = definitionOf(row);
  return {
    ...itemView(registry, row),
    uri: row.originalName,
    uriTemplate: row.isTemplate ? row.originalName : null,
    name: textOrNull(definition['name']) ?? row.originalName,
    title: textOrNull(definition['title']),
    description: textOrNull(definition['description']) ?? '',
    mimeType: textOrNull(definition['mimeType']),
    size: typeof definition['size'] === 'number' ? definition['size'] : null,
    annotations: definition['annotations'] ?? null,
  };
}

/** A virtual server; `names` has what the caller may see of it, by id. */
export function serverView(row: ServerRecord, names: ReadonlyMap<string, string>): z.input<typeof ServerRead> {
  const seen = (ids: readonly string[]): string[] => ids.filter((id) => names.has(id));
  const namesOf = (ids: readonly string[]): string[] => ids.flatMap((id) => names.get(id) ?? []);
  return {
    ...entityView(row),
    name: row.name,
    description: row.description,
    icon: row.icon ?? null,
    naming: row.naming,
    protocolVersions: [...(row.protocolVersions ?? [])],
    a2aEnabled: row.a2aEnabled,
    associatedTools: namesOf(row.toolIds),
    associatedToolIds: seen(row.toolIds),
    associatedResources: namesOf(row.resourceIds),
    associatedResourceIds: seen(row.resourceIds),
    associatedPrompts: namesOf(row.promptIds),
    associatedPromptIds: seen(row.promptIds),
    associatedGateways: seen(row.upstreamIds),
  };
}

function itemView(registry: Registry, row: Named<AnyItem>) {
  const { upstreamId } = row;
  return {
    ...entityView(row),
    gatewayId: upstreamId ?? null,
    gatewaySlug: row.slug ?? null,
    reachable: upstreamId === undefined || registry.upstreams.status(upstreamId).state === 'connected',
  };
}

function definitionOf(row: ItemRecord): Record<string, unknown> {
  return JSON.parse(row.definition) as Record<string, unknown>;
}

/** Upstreams may send anything; what is no text is none. */
function textOrNull(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
