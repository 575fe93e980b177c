/** @module The limits that hold for every tool, as interceptors: only those that are set, so that others cost nothing. */
import { type Forge, type Interceptor, limitCalls, retryCalls } from '@forge/core';
import type { Settings } from '../config/schema.ts';

/** Around whole calls: one that is repeated counts once. */
export function toolLimits({ TOOL_RATE_LIMIT: perMinute, TOOL_CONCURRENT_LIMIT: concurrent }: Settings): Interceptor[] {
  return perMinute + concurrent > 0 ? [limitCalls({ perMinute, concurrent })] : [];
}

/** Around what plugins let through: they are asked once, however often a call is made. */
export function toolRetries(
  { MAX_TOOL_RETRIES: retries = 0, TOOL_TIMEOUT }: Settings,
  forge: () => Forge,
): Interceptor[] {
  if (retries === 0) return [];
  const isRepeatable = (itemId: string): boolean => declaresRepeatable(forge(), itemId);
  return [retryCalls({ retries, withinMs: TOOL_TIMEOUT * 1000, isRepeatable })];
}

/** Only asked when a call has failed. */
function declaresRepeatable({ catalog }: Forge, itemId: string): boolean {
  const tool = catalog.snapshot.tools.find(({ id }) => id === itemId);
  const { annotations } = JSON.parse(tool?.definition ?? '{}') as { annotations?: Readonly<Record<string, unknown>> };
  return annotations?.['idempotentHint'] === true || annotations?.['readOnlyHint'] === true;
}
