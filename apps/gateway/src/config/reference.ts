/** @module What is written about the settings, made from their schema: `.env.example`, the reference page, the JSON Schema. */
import { z } from 'zod';
import { SECTIONS, type SettingName, type Settings, settingsSchema } from './schema.ts';
import type { Secret } from './secret.ts';

interface Described {
  readonly name: SettingName;
  readonly text: string;
  /** As it would stand in a file. */
  readonly default: string | undefined;
  /** What happens without a value, where there is no default. */
  readonly fallback: string | undefined;
  /** What it may be, where that is not any text. */
  readonly kind: string | undefined;
}

/** A secret has no default. */
type SettingValue = Exclude<Settings[SettingName], Secret>;

interface JsonSchema {
  type?: string;
  description?: string;
  default?: string | number | boolean;
  enum?: readonly string[];
  minimum?: number;
  maximum?: number;
  example?: string;
  fallback?: string;
}

/** JSON Schema (2020-12) of the settings as environment variables. */
export function jsonSchema(): Record<string, unknown> & { properties: Record<SettingName, JsonSchema> } {
  const schema = z.toJSONSchema(settingsSchema, { io: 'input' });
  const properties = schema.properties as Record<SettingName, JsonSchema>;
  // What is read from text shows its meaning only once it is read.
  for (const [name, value] of Object.entries(settingsSchema.parse({})) as [SettingName, SettingValue][]) {
    if (value !== undefined) properties[name].default = typeof value === 'object' ? value.join(',') : value;
    if (typeof value === 'boolean') properties[name].type = 'boolean';
  }
  return { ...schema, title: 'Settings of forge-gateway', properties };
}

/** A `.env` with every setting, commented out, at its default. */
export function envExample(): string {
  const blocks = sections(({ name, text, default: value, fallback, kind }) => [
    ...wrap([text, sentence(kind), fallback && `Without it: ${fallback}.`].filter(Boolean).join(' ')),
    `#${name}=${value ?? ''}`,
    '',
  ]);
  const lines = blocks.flatMap(([title, body]) => [`# --- ${title} ---`, '', ...body]);
  return ['# Settings of forge-gateway. Copy to .env and take the # off what you change.', '', ...lines].join('\n');
}

/** The reference page. */
export function referencePage(): string {
  const blocks = sections(({ name, text, default: value, fallback, kind }) => [
    `### \`${name}\``,
    '',
    text,
    '',
    ...(kind === undefined ? [] : [`- ${sentence(kind)}`]),
    `- ${value === undefined ? `Without it: ${fallback ?? 'not used'}.` : `Default: ${value === '' ? 'none' : `\`${value}\``}.`}`,
    '',
  ]);
  const lines = blocks.flatMap(([title, body]) => [`## ${title}`, '', ...body]);
  return [PREFACE, ...lines].join('\n');
}

const PREFACE = `# Configuration

<!-- Made from apps/gateway/src/config by \`pnpm --filter @forge/gateway reference\`. Do not edit. -->

\`forge-gateway\` needs no configuration. What you set comes, in this order, from flags, from the environment, and from the
file that \`--env-file\` names or else \`.env\` in the working directory. An empty value counts as not set.

In a file, \`\${NAME}\` stands for a variable of the environment or of a line above, \`\${NAME:-default}\` for a default where
there is none; a variable that is not set is an error. \`'...'\` is taken as it stands. A key that is almost a setting, or
begins with \`FORGE_\` and is none, is an error. Other keys are named in a warning.

\`forge-gateway check\` says whether the configuration is valid, and what the gateway would do with it.
`;

function sections(render: (setting: Described) => readonly string[]): [title: string, lines: string[]][] {
  const { properties } = jsonSchema();
  return Object.entries(SECTIONS).map(([title, shape]) => [
    title,
    (Object.keys(shape) as SettingName[]).flatMap((name) => render(describe(name, properties[name]))),
  ]);
}

function describe(name: SettingName, schema: JsonSchema): Described {
  return {
    name,
    text: schema.description ?? '',
    default: schema.default === undefined ? undefined : String(schema.default),
    fallback: schema.fallback,
    kind: kindOf(schema),
  };
}

function kindOf({ type, enum: values, minimum, maximum, example }: JsonSchema): string | undefined {
  if (values !== undefined) return `one of ${values.map((value) => `\`${value}\``).join(', ')}`;
  if (type === 'integer') return `whole number from ${minimum} to ${maximum}`;
  if (type === 'boolean') return '`true` or `false`';
  return example === undefined ? undefined : `such as \`${example}\``;
}

function sentence(text: string | undefined): string | undefined {
  return text === undefined ? undefined : `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Comment lines of at most 100 characters. */
function wrap(text: string): string[] {
  const lines = ['#'];
  for (const word of text.split(' ')) {
    if ((lines.at(-1) ?? '').length + word.length >= 100) lines.push('#');
    lines[lines.length - 1] += ` ${word}`;
  }
  return lines;
}
