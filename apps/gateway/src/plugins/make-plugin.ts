/** @module One plugin of the file: its hooks made, its settings in Forge's words. */
import type { Plugin, PluginCondition, PluginHook, PluginHooks } from '@forge/core';
import { findGuardrail } from '@forge/guardrails';
import type { Logger } from 'pino';
import { z } from 'zod';
import { environmentVariable } from '../config/environment.ts';
import { findKind, type Kind, type KindPlaces } from './kinds.ts';
import type { LocatedYaml, Path } from './located-yaml.ts';
import { CONDITIONS, modeOf, type PluginEntry } from './schema.ts';
import { fillIn } from './variables.ts';

/** What a plugin is made with. */
export interface MakeParts {
  readonly yaml: LocatedYaml;
  readonly places: KindPlaces;
  readonly log: Logger;
  /** Where nothing else is said. */
  readonly timeoutMs: number;
  readonly failOnError: boolean;
  /** Collects what is wrong. */
  readonly problems: string[];
}

const HOOKS = { tool_pre_invoke: 'beforeCall', tool_post_invoke: 'afterCall' } as const;

/** `undefined` where something is wrong with it, which `problems` have then. One that is disabled is not made. */
export async function makePlugin(entry: PluginEntry, path: Path, parts: MakeParts): Promise<Plugin | undefined> {
  const { yaml, problems } = parts;
  const settings = settingsOf(entry, parts);
  if (modeOf(entry) === 'disabled') return settings;
  const before = problems.length;
  const refuse = (at: Path, message: string): void => void problems.push(yaml.problem([...path, ...at], message));
  const conditions = conditionsOf(entry, refuse);
  const hooks = await hooksOf(entry, path, parts);
  const wanted = hooks && wantedHooks(entry, hooks, refuse);
  if (hooks === undefined || problems.length > before) {
    await hooks?.close?.();
    return undefined;
  }
  return {
    ...settings,
    conditions,
    ...(wanted?.has('tool_pre_invoke') === true && { beforeCall: (call) => hooks.beforeCall?.(call) }),
    ...(wanted?.has('tool_post_invoke') === true && { afterCall: (call, result) => hooks.afterCall?.(call, result) }),
    close: () => hooks.close?.(),
  };
}

function settingsOf(entry: PluginEntry, { timeoutMs, failOnError }: MakeParts): Plugin {
  const { name, kind, priority, tags, on_error: onError, timeout, chain_only: chainOnly } = entry;
  const shipped = findGuardrail(kind);
  const implied = entry.mode === 'enforce_ignore_error' ? 'ignore' : failOnError ? 'fail' : undefined;
  return {
    name,
    mode: modeOf(entry),
    priority: priority ?? undefined,
    timeoutMs: timeout === undefined ? timeoutMs : timeout * 1000,
    onError: onError ?? implied,
    chainOnly,
    about: {
      kind,
      description: entry.description ?? shipped?.description,
      author: entry.author ?? undefined,
      version: entry.version ?? shipped?.version,
      tags: tags ?? [],
    },
  };
}

async function hooksOf(entry: PluginEntry, path: Path, parts: MakeParts): Promise<PluginHooks | undefined> {
  const { yaml, problems, places, log } = parts;
  let kind: Kind;
  try {
    kind = await findKind(entry.kind, places);
  } catch (error) {
    problems.push(yaml.problem([...path, 'kind'], (error as Error).message));
    return undefined;
  }
  const at = [...path, 'config'];
  const before = problems.length;
  const config = fillIn(entry.config ?? {}, environmentVariable, ({ path: inside, message }) =>
    problems.push(yaml.problem([...at, ...inside], message)),
  );
  if (problems.length > before) return undefined;
  try {
    if ('guardrail' in kind) return kind.guardrail.create(config);
    const { name } = entry;
    return await kind.create(config, { name, log: log.child({ plugin: name }) });
  } catch (error) {
    if ('guardrail' in kind && error instanceof z.ZodError) {
      problems.push(...yaml.problems(error.issues, kind.guardrail.schema, at));
    } else
      problems.push(
        yaml.problem([...path, 'kind'], `cannot be made: ${error instanceof Error ? error.message : String(error)}`),
      );
    return undefined;
  }
}

/** A hook that is named and never run would be a guard that is not there. */
function wantedHooks(
  { hooks: named, kind }: PluginEntry,
  hooks: PluginHooks,
  refuse: (at: Path, message: string) => void,
): ReadonlySet<PluginHook> {
  const known = Object.keys(HOOKS) as PluginHook[];
  const has = known.filter((hook) => typeof hooks[HOOKS[hook]] === 'function');
  if (has.length === 0) refuse(['kind'], 'has neither beforeCall nor afterCall');
  for (const [index, name] of (named ?? []).entries()) {
    if (!known.some((hook) => hook === name)) {
      refuse(
        ['hooks', index],
        `"${name}" is not run by Forge, only ${known.join(' and ')}: take it out, and know that nothing is looked at there`,
      );
    } else if (!has.some((hook) => hook === name)) refuse(['hooks', index], `${kind} has no ${name}`);
  }
  return new Set(named ? has.filter((hook) => named.includes(hook)) : has);
}

function conditionsOf({ conditions }: PluginEntry, refuse: (at: Path, message: string) => void): PluginCondition[] {
  return (conditions ?? []).map((condition, index) => {
    for (const [key, list] of Object.entries(condition)) {
      if (list && list.length > 0 && !CONDITIONS.some((known) => known === key)) {
        refuse(['conditions', index, key], `is not looked at by Forge, only ${CONDITIONS.join(' and ')}`);
      }
    }
    return { serverIds: condition.server_ids ?? undefined, tools: condition.tools ?? undefined };
  });
}
