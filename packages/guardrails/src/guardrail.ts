/** @module What a plugin that ships is made of. */
import type { PluginHooks } from '@forge/core';
import type { z } from 'zod';

/** What is told of a plugin that ships. */
export interface GuardrailAbout {
  /** Its `kind`. */
  readonly kind: string;
  /** What ContextForge calls it: names of Python classes. */
  readonly aliases: readonly string[];
  readonly description: string;
  readonly version: string;
}

/** A plugin that ships. */
export interface Guardrail extends GuardrailAbout {
  /** What can be said to it; strict. */
  readonly schema: z.ZodType;
  /** @throws ZodError for what is no configuration of its own */
  create(config: unknown): PluginHooks;
}

/** Sees to it that what is made was checked. */
export function defineGuardrail<Config>(
  about: GuardrailAbout & { readonly schema: z.ZodType<Config>; readonly create: (config: Config) => PluginHooks },
): Guardrail {
  return { ...about, create: (config) => about.create(about.schema.parse(config)) };
}
