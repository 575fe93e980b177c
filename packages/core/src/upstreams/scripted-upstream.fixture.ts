/** @module An upstream in memory for tests: real lists and calls, an outage at the push of a button. */
import {
  errorOutcome,
  type ExchangeRequest,
  ForgeError,
  JsonText,
  type Outcome,
  resultOutcome,
  type Upstream,
  type UpstreamEvents,
  type UpstreamInfo,
} from '@forge/protocol';
import type { UpstreamAdapter } from '../contracts/upstream-adapter.ts';

/** The buttons. */
export interface Script {
  tools: { name: string; [key: string]: unknown }[];
  resources: { uri: string; name: string }[];
  prompts: { name: string }[];
  down: boolean;
  era: 'modern' | 'legacy';
  /** Of its list of tools. */
  ttlMs?: number;
  /** How often it was asked for its era once more. */
  looks: number;
  /** Items on each page of its lists. */
  pageSize: number;
  readonly calls: ExchangeRequest[];
  connects: number;
  closed: number;
  watched: ReadonlySet<string>;
  watchedTasks: ReadonlySet<string>;
  /** When it tells of what is watched. */
  told?: PromiseLike<unknown> | undefined;
  /** Besides those of its lists. */
  capabilities?: Record<string, unknown>;
  /** Its answer to anything but lists, instead of an echo. */
  answer?: (request: ExchangeRequest) => Outcome;
  /** Text of the answer to `tools/list`, instead of the tools. */
  toolsText?: string;
  events?: UpstreamEvents;
}

/** A script with some tools. */
export function script(tools: string[] = [], partial: Partial<Script> = {}): Script {
  return {
    tools: tools.map((name) => ({ name, inputSchema: { type: 'object' } })),
    resources: [],
    prompts: [],
    down: false,
    era: 'modern',
    looks: 0,
    pageSize: 2,
    calls: [],
    connects: 0,
    closed: 0,
    watched: new Set(),
    watchedTasks: new Set(),
    ...partial,
  };
}

/** An adapter whose upstreams follow `scripts[record.url]`. */
export function scriptedAdapter(scripts: Record<string, Script>): UpstreamAdapter {
  return {
    transports: ['streamable-http'],
    create(record, events) {
      const followed = scripts[record.url ?? ''];
      if (!followed) throw new Error(`no script for ${record.url}`);
      followed.events = events;
      return scriptedUpstream(followed);
    },
  };
}

function scriptedUpstream(followed: Script): Upstream {
  const refused = (): ForgeError => new ForgeError('upstream_unreachable', 'connection refused');
  let found: UpstreamInfo | undefined;
  return {
    async connect() {
      followed.connects += 1;
      if (followed.down) throw refused();
      const { era } = followed;
      if (found?.era === era) return found;
      found = {
        era,
        protocolVersion: era === 'modern' ? '2026-07-28' : '2025-11-25',
        transport: 'streamable-http',
        reason: 'scripted',
        description: {
          serverInfo: JsonText.of({ name: 'scripted', version: '1' }),
          capabilities: JsonText.of({
            tools: {},
            resources: { subscribe: true },
            prompts: {},
            ...followed.capabilities,
          }),
          ttlMs: 0,
          cacheScope: 'private',
        },
      };
      return found;
    },
    async lookAgain() {
      followed.looks += 1;
      if (followed.down) throw refused();
      if (found?.era !== followed.era) followed.events?.listChanged('tools');
    },
    async call(request): Promise<Outcome> {
      followed.calls.push(request);
      if (followed.down) return errorOutcome(refused());
      const params = (request.params?.value ?? {}) as { cursor?: string };
      const page = (member: string, items: unknown[]): Outcome => {
        const start = Number(params.cursor ?? 0);
        const end = start + followed.pageSize;
        return resultOutcome(
          JsonText.of({ [member]: items.slice(start, end), ...(end < items.length && { nextCursor: String(end) }) }),
        );
      };
      if (request.method === 'tools/list' && followed.toolsText !== undefined)
        return resultOutcome(new JsonText(followed.toolsText));
      if (request.method === 'tools/list') {
        const { result } = page('tools', followed.tools);
        const ttlMs = followed.ttlMs === undefined ? undefined : String(followed.ttlMs);
        return resultOutcome((result ?? new JsonText('{}')).with({ ttlMs }));
      }
      if (request.method === 'resources/list') return page('resources', followed.resources);
      if (request.method === 'prompts/list') return page('prompts', followed.prompts);
      if (request.method === 'resources/templates/list')
        return { era: 'modern', error: { code: -32601, message: 'no templates' } };
      return followed.answer?.(request) ?? resultOutcome(JsonText.of({ content: [], called: request.target }));
    },
    watch(uris, taskIds = new Set()) {
      followed.watched = uris;
      followed.watchedTasks = taskIds;
      return followed.told;
    },
    sessionEnded() {},
    async close() {
      followed.closed += 1;
    },
  };
}
