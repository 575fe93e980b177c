/** @module The plugins that ship, by their kinds. */
import type { PluginHooks } from '@forge/core';
import { denyFilter } from './deny-filter.ts';
import type { Guardrail } from './guardrail.ts';
import { headerInjector } from './header-injector.ts';
import { outputLengthGuard } from './output-length-guard.ts';
import { searchReplace } from './search-replace.ts';
import { secretsDetection } from './secrets-detection.ts';

/** Every plugin that ships. */
export const GUARDRAILS: readonly Guardrail[] = [
  denyFilter,
  headerInjector,
  outputLengthGuard,
  searchReplace,
  secretsDetection,
];

/** The plugin of a kind, in our words or in ContextForge's. */
export function findGuardrail(kind: string): Guardrail | undefined {
  return GUARDRAILS.find((one) => one.kind === kind || one.aliases.includes(kind));
}

/**
 * The hooks of a plugin that ships.
 *
 * @throws ZodError for a configuration that is not its own, RangeError for a kind that there is not
 * @example
 * createForge({ plugins: [{ name: 'short', ...guardrail('output_length_guard', { max_chars: 10_000 }) }], ... });
 */
export function guardrail(kind: string, config: unknown = {}): PluginHooks {
  const found = findGuardrail(kind);
  if (found === undefined) throw new RangeError(`There is no plugin of the kind "${kind}"`);
  return found.create(config);
}
