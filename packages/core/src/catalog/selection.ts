/** @module What belongs to a virtual server and may be seen by a principal, before names are given. */
import type {
  Entity,
  ItemRecord,
  PromptRecord,
  ResourceRecord,
  ServerRecord,
  ToolRecord,
  UpstreamRecord,
} from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import type { Snapshot } from './snapshot.ts';

/** The rows of one view, in the order of its lists. */
export interface Selection {
  readonly tools: readonly ToolRecord[];
  readonly prompts: readonly PromptRecord[];
  readonly resources: readonly ResourceRecord[];
  /** Enabled upstreams that the principal may see, by id. */
  readonly upstreams: ReadonlyMap<string, UpstreamRecord>;
  /** Those that are part of the view. */
  readonly upstreamIds: readonly string[];
  /** The one upstream that everything comes from, if it is one. */
  readonly single: string | undefined;
}

/** Whether a row exists for a principal's clients. */
export function isVisible(row: Entity, principal: Principal): boolean {
  return row.enabled && (row.visibility === 'public' || principal.admin || row.owner === principal.id);
}

/** Selects for `server`; `undefined`: everything. */
export function selectRows(snapshot: Snapshot, server: ServerRecord | undefined, principal: Principal): Selection {
  const visible = (row: Entity): boolean => isVisible(row, principal);
  const upstreams = new Map([...snapshot.upstreams].filter(([, row]) => visible(row)));
  const whole = new Set(server?.upstreamIds);

  const select = <T extends ItemRecord>(rows: readonly T[], ids: readonly string[] | undefined): T[] => {
    const chosen = new Set(ids);
    const belongs = ({ id, upstreamId }: T): boolean =>
      server === undefined || chosen.has(id) || (upstreamId !== undefined && whole.has(upstreamId));
    return rows
      .filter((row) => visible(row) && belongs(row) && (row.upstreamId === undefined || upstreams.has(row.upstreamId)))
      .toSorted(inListOrder(upstreams));
  };
  const tools = select(snapshot.tools, server?.toolIds);
  const prompts = select(snapshot.prompts, server?.promptIds);
  const resources = select(snapshot.resources, server?.resourceIds);

  const items: ItemRecord[] = [...tools, ...prompts, ...resources];
  const involved = new Set(server === undefined ? upstreams.keys() : [...whole].filter((id) => upstreams.has(id)));
  for (const { upstreamId } of items) if (upstreamId !== undefined) involved.add(upstreamId);
  const [first, ...others] = [...involved].toSorted();
  const isSingle = others.length === 0 && items.every((row) => row.upstreamId !== undefined);
  return {
    tools,
    prompts,
    resources,
    upstreams,
    upstreamIds: first === undefined ? [] : [first, ...others],
    single: isSingle ? first : undefined,
  };
}

/** Upstreams in the order of their registration, the items of each in its own order. */
function inListOrder(upstreams: ReadonlyMap<string, UpstreamRecord>): (a: ItemRecord, b: ItemRecord) => number {
  const age = ({ upstreamId }: ItemRecord): number => upstreams.get(upstreamId ?? '')?.createdAt ?? 0;
  const slug = ({ upstreamId }: ItemRecord): string => upstreams.get(upstreamId ?? '')?.slug ?? '';
  return (a, b) => age(a) - age(b) || compare(slug(a), slug(b)) || a.position - b.position || compare(a.id, b.id);
}

function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
