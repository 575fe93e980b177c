/** @module One round over one load: every case, each with its baselines measured right before and right after it. */
import type { Case, Metrics, Result } from '../cells.ts';
import { isSteady, meanOf, ratioOf } from './metrics.ts';
import type { Target } from './targets.ts';

/** What takes part in a round: at least one baseline. */
export interface Field {
  readonly raw?: Target | undefined;
  /** The bare proxy, bridge or wrapper. */
  readonly bare?: Target | undefined;
  readonly others: readonly Target[];
}

/** Measures one target under the load of this round. */
export type Measure = (target: Target) => Promise<Metrics>;

/**
 * Measures in the order raw, bare, one case, raw, bare, the next case, ..., raw, bare. A case whose measurement fails is
 * told to `failed` and left out.
 *
 * @throws when a baseline cannot be measured: then nothing can be compared.
 */
export async function measureRound(
  { raw, bare, others }: Field,
  measure: Measure,
  failed: (name: Case, error: unknown) => void,
): Promise<ReadonlyMap<Case, Result>> {
  const raws: Metrics[] = [];
  const bares: Metrics[] = [];
  const measureBaselines = async () => {
    if (raw !== undefined) raws.push(await measure(raw));
    if (bare !== undefined) bares.push(await measure(bare));
  };
  const results = new Map<Case, Result>();

  await measureBaselines();
  if (others.length === 0) await measureBaselines();
  for (const target of others) {
    const value = await measure(target).catch((error: unknown) => failed(target.case, error));
    await measureBaselines();
    if (value !== undefined) results.set(target.case, compare(value, raws.slice(-2), bares.slice(-2)));
  }
  if (raw !== undefined) results.set(raw.case, compare(meanOf(raws), raws, bares));
  if (bare !== undefined) results.set(bare.case, compare(meanOf(bares), raws, bares));
  return results;
}

function compare(value: Metrics, raws: readonly Metrics[], bares: readonly Metrics[]): Result {
  return {
    value,
    toRaw: raws.length > 0 ? ratioOf(value, meanOf(raws)) : undefined,
    toBare: bares.length > 0 ? ratioOf(value, meanOf(bares)) : undefined,
    steady: isSteady(raws) && isSteady(bares),
  };
}
