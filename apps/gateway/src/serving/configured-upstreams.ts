/** @module Brings the registry in line with an `mcpServers` file. */
import type { ConfiguredUpstream } from '@forge/cli';
import type { Principal, Registry, Store, UpstreamRecord } from '@forge/core';

/** The gateway acting for whoever started it. */
const OPERATOR: Principal = { id: 'forge', admin: true };
/** Marks what came from a file. */
const TAG = 'mcp-config';

/**
 * Registers each upstream, or updates the one of its name where they differ. They connect in the background: one that is
 * down is registered all the same, and one that cannot be registered does not stop the others.
 *
 * @returns one sentence per upstream that could not be registered
 */
export async function registerConfigured(
  { store, registry }: { readonly store: Store; readonly registry: Registry },
  upstreams: readonly ConfiguredUpstream[],
): Promise<readonly string[]> {
  const stored = new Map((await store.upstreams.all()).map((record) => [record.name, record]));
  const problems: string[] = [];
  for (const upstream of upstreams) {
    try {
      const record = stored.get(upstream.name);
      if (record === undefined || !sameUpstream(await registry.unsealedUpstream(record), upstream))
        await register(registry, record?.id, upstream);
    } catch (error) {
      problems.push(`server "${upstream.name}": ${(error as Error).message}`);
    }
  }
  return problems;
}

/** While it is disabled nothing connects, so nothing is waited for. */
async function register(registry: Registry, id: string | undefined, upstream: ConfiguredUpstream): Promise<void> {
  const { enabled, cwd, ...fields } = { args: [], env: {}, ...upstream };
  const off = { ...fields, enabled: false };
  const row =
    id === undefined
      ? await registry.upstreams.create(OPERATOR, { ...off, cwd, tags: [TAG] })
      : await registry.upstreams.update(OPERATOR, id, { ...off, cwd: cwd ?? null });
  if (enabled) await registry.upstreams.setEnabled(OPERATOR, row.id, true);
}

function sameUpstream(record: UpstreamRecord, upstream: ConfiguredUpstream): boolean {
  return record.enabled === upstream.enabled && addressOf(record) === addressOf(upstream);
}

function addressOf({
  transport,
  url,
  command,
  args = [],
  env = {},
  cwd,
  headers,
}: UpstreamRecord | ConfiguredUpstream): string {
  return JSON.stringify([transport, url, command, args, env, cwd, headers]);
}
