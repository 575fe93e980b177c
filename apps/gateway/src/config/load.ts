/** @module Puts the settings together: flags before environment before file before default, each error with its place. */
import { didYouMean, nearest } from '@forge/cli';
import { checkSettings } from './checks.ts';
import type { EnvFile } from './env-file.ts';
import { SETTING_NAMES, type SettingName, type Settings, settingsSchema } from './schema.ts';
import { Secret } from './secret.ts';

/** Where settings come from. An empty text counts as not set. */
export interface SettingSources {
  /** Values of command-line flags, by setting. */
  readonly flags?: Readonly<Partial<Record<SettingName, string>>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly file?: EnvFile | undefined;
}

/** Settings that can be used, and what an operator should know about them. */
export interface LoadedSettings {
  readonly settings: Settings;
  readonly warnings: readonly string[];
}

/** Settings that cannot be used. One line per problem: where, which key, what would be valid. Never a secret's text. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join('\n'));
    this.problems = problems;
  }
}

interface Given {
  readonly value: string;
  /** `.env:12`, `environment`, `command line`. */
  readonly where: string;
}

/** @throws ConfigError naming every problem at once. */
export function loadSettings({ flags = {}, environment, file }: SettingSources): LoadedSettings {
  const problems = (file?.problems ?? []).map(({ line, message }) => `${file?.name}:${line}: ${message}`);
  const warnings: string[] = [];
  const given = new Map<string, Given>();
  if (file !== undefined) readFile(file, given, problems, warnings);
  for (const name of SETTING_NAMES) {
    take(given, name, environment[name], 'environment');
    take(given, name, flags[name], 'command line');
  }
  for (const name of Object.keys(environment))
    if (name.startsWith('FORGE_') && !isSetting(name))
      warnings.push(`environment: ${name} is not a setting.${didYouMean(name, SETTING_NAMES)}`);

  const parsed = settingsSchema.safeParse(Object.fromEntries([...given].map(([name, { value }]) => [name, value])));
  if (parsed.success && problems.length === 0) {
    const verdict = checkSettings(parsed.data);
    if (verdict.problems.length > 0) throw new ConfigError(verdict.problems);
    return { settings: parsed.data, warnings: [...warnings, ...verdict.warnings] };
  }
  const order = [...given.keys()];
  const issues = (parsed.error?.issues ?? []).map((issue) => ({ name: String(issue.path[0]), message: issue.message }));
  for (const { name, message } of issues.toSorted((a, b) => order.indexOf(a.name) - order.indexOf(b.name))) {
    const { value = '', where = 'default' } = given.get(name) ?? {};
    problems.push(`${where}: ${name} ${message}${isSecret(name) ? '' : `, not "${value}"`}`);
  }
  throw new ConfigError(problems);
}

function take(given: Map<string, Given>, name: string, value: string | undefined, where: string): void {
  if (value !== undefined && value !== '') given.set(name, { value, where });
}

/** A key near a setting's name, or with Forge's prefix, is a mistake; the others may belong to somebody else. */
function readFile(file: EnvFile, given: Map<string, Given>, problems: string[], warnings: string[]): void {
  const foreign: string[] = [];
  for (const { key, value, line } of file.entries) {
    const where = `${file.name}:${line}`;
    if (isSetting(key)) take(given, key, value, where);
    else if (key.startsWith('FORGE_') || nearest(key, SETTING_NAMES) !== undefined)
      problems.push(`${where}: ${key} is not a setting.${didYouMean(key, SETTING_NAMES)}`);
    else foreign.push(key);
  }
  if (foreign.length === 0) return;
  const shown = foreign.slice(0, 8).join(', ');
  const more = foreign.length > 8 ? ` and ${foreign.length - 8} more` : '';
  warnings.push(`${file.name}: these are not settings of Forge: ${shown}${more}`);
}

function isSetting(name: string): name is SettingName {
  return Object.hasOwn(settingsSchema.shape, name);
}

/** By its parsed form: what becomes a Secret must not be quoted in a message. */
function isSecret(name: string): boolean {
  if (!isSetting(name)) return false;
  const parsed = settingsSchema.shape[name].safeParse('x');
  return parsed.success && parsed.data instanceof Secret;
}
