/** @module The limits that hold for every tool, as interceptors: only those that are set, so that others cost nothing. */
import { type Forge, type Interceptor, limitCalls, retryCalls } from '@forge/core';
import type { Settings } from '../config/schema.ts';

/** The interceptors, outermost first: a call that is repeated counts once. */
export function toolLimits(settings: Settings, forge: () => Forge): Interceptor[] {
  const { TOOL_RATE_LIMIT: perMinute, TOOL_CONCURRENT_LIMIT: concurrent, MAX_TOOL_RETRIES: retries = 0 } = settings;
  const interceptors: Interceptor[] = [];
  if (perMinute + concurrent > 0) interceptors.push(limitCalls({ perMinute, concurrent }));
  if (retries > 0) {
    const isRepeatable = (itemId: string): boolean => declaresRepeatable(forge(), itemId);
    interceptors.push(retryCalls({ retries, withinMs: settings.TOOL_TIMEOUT * 1000, isRepeatable }));
  }
  return interceptors;
}

/** Only asked when a call has failed. */
function declaresRepeatable({ catalog }: Forge, itemId: string): boolean {
  const tool = catalog.snapshot.tools.find(({ id }) => id === itemId);
  const { annotations } = JSON.parse(tool?.definition ?? '{}') as { annotations?: Readonly<Record<string, unknown>> };
  return annotations?.['idempotentHint'] === true || annotations?.['readOnlyHint'] === true;
}
