/** @module A Forge with one upstream in memory and some plugins, and calls of its one tool. */
import { type Client, type Exchange, JsonText, NOBODY, type Outcome } from '@forge/protocol';
import type { Plugin, PluginEvent } from '../contracts/plugin.ts';
import type { Principal } from '../contracts/principal.ts';
import type { Store } from '../contracts/store.ts';
import { createForge, type Forge, type ForgeOptions } from '../create-forge.ts';
import { createMemoryStore } from '../memory/memory-store.ts';
import type { ToolPatch } from '../registry/registry.ts';
import { createSealer } from '../registry/sealer.ts';
import { type Script, script, scriptedAdapter } from '../upstreams/scripted-upstream.fixture.ts';

export const ADMIN: Principal = { id: 'admin@example.com', admin: true };

/** A Forge under test. */
export interface Guarded {
  readonly forge: Forge;
  readonly upstream: Script;
  readonly events: PluginEvent[];
  readonly store: Store;
  /** Sets the chains of the tool `echo`. */
  set(chains: ToolPatch): Promise<void>;
  /** Calls `echo`, or another tool. */
  call(
    args?: string,
    how?: { name?: string; serverId?: string; client?: Partial<Client>; exchange?: Exchange },
  ): Promise<Outcome>;
}

/** Its upstream `one` has the tools `echo` and `other`; both answer with their arguments. */
export async function guard(
  plugins: readonly Plugin[],
  options: Partial<ForgeOptions> = {},
  upstream: Partial<Script> = {},
): Promise<Guarded> {
  const events: PluginEvent[] = [];
  const followed = script(['echo', 'other'], { answer: echo, ...upstream });
  const store = options.store ?? createMemoryStore();
  const forge = await createForge({
    store,
    sealer: createSealer('a secret of at least thirty-two characters'),
    adapters: [scriptedAdapter({ 'http://one/mcp': followed })],
    plugins,
    onPluginEvent: (event) => events.push(event),
    ...options,
  });
  if ((await store.upstreams.all()).length === 0) {
    await forge.registry.upstreams.create(ADMIN, { name: 'one', url: 'http://one/mcp' });
  }
  return {
    forge,
    upstream: followed,
    events,
    store,
    async set(chains) {
      await forge.registry.tools.update(ADMIN, 'one-echo', chains);
    },
    call(args = '{"text":"hello"}', { name = 'one-echo', serverId, client, exchange = NOBODY } = {}) {
      const endpoint = forge.endpoint(serverId, ADMIN);
      if (endpoint === undefined) throw new Error('no endpoint');
      const params = new JsonText(`{"name":${JSON.stringify(name)},"arguments":${args}}`);
      const caller: Client = {
        era: 'modern',
        protocolVersion: '2026-07-28',
        caller: ADMIN,
        capabilities: new JsonText('{}'),
        ...client,
      };
      return endpoint.handle({ method: 'tools/call', params, target: name, client: caller }, exchange);
    },
  };
}

/** The text of a result, or the message of an error. */
export function said({ result, error }: Outcome): string {
  const { content } = (result?.value ?? {}) as { content?: { text: string }[] };
  return content?.[0]?.text ?? error?.message ?? '';
}

/** Answers with the arguments as text. */
function echo({ params }: { params: JsonText | undefined }): Outcome {
  const text = JSON.stringify(params?.member('arguments')?.text ?? '');
  return {
    era: 'modern',
    result: new JsonText(`{"resultType":"complete","content":[{"type":"text","text":${text}}]}`),
  };
}
