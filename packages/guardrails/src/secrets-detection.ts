/** @module `secrets_detection`: credentials in arguments and results are found by their form, and denied or redacted. */
import type { BeforeVerdict, Denial } from '@forge/core';
import type { JsonText } from '@forge/protocol';
import { z } from 'zod';
import { defineGuardrail } from './guardrail.ts';
import { createReplacer } from './replacer.ts';
import { editWith } from './replace-texts.ts';
import { type Edit, editArguments, editResult } from './texts.ts';

/** Forms of credentials, by the names that ContextForge has for them. */
const PATTERNS = {
  aws_access_key_id: { source: String.raw`\b(?:AKIA|ASIA)[0-9A-Z]{16}\b`, isOn: true },
  aws_secret_access_key: {
    source: String.raw`aws.{0,20}(?:secret|access).{0,20}[=:]\s{0,10}["']?[A-Za-z0-9/+=]{40}(?![A-Za-z0-9/+=])`,
    flags: 'i',
    isOn: true,
  },
  google_api_key: { source: String.raw`\bAIza[\w-]{35}(?![\w-])`, isOn: true },
  github_token: { source: String.raw`\b(?:gh[opusr]_[A-Za-z0-9]{36}|github_pat_\w{20,255})\b`, isOn: true },
  stripe_secret_key: { source: String.raw`\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,255}\b`, isOn: true },
  slack_token: { source: String.raw`\bxox[abpqr]-[\w-]{10,255}`, isOn: true },
  private_key_block: {
    source: String.raw`-----BEGIN (?:[A-Z]{2,10} )?PRIVATE KEY-----(?:[\s\S]{1,16384}?-----END (?:[A-Z]{2,10} )?PRIVATE KEY-----)?`,
    isOn: true,
  },
  // Forms that other things have as well.
  generic_api_key_assignment: {
    source: String.raw`\b(?:(?:x[-_])?api[-_]?key|api[-_]?token|access[-_]?token|bearer[-_]?token|auth[-_]?token)\b["']?\s{0,10}[:=]\s{0,10}["']?[\w-]{20,1024}["']?`,
    flags: 'i',
    isOn: false,
  },
  jwt_like: { source: String.raw`\beyJ[\w-]{10,8192}\.eyJ[\w-]{10,8192}\.[\w-]{10,8192}`, isOn: false },
  hex_secret_32: { source: String.raw`\b[a-f0-9]{32,1024}\b`, flags: 'i', isOn: false },
  base64_24: { source: String.raw`(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{24,8192}={0,2}`, isOn: false },
} as const satisfies Readonly<Record<string, { source: string; flags?: string; isOn: boolean }>>;

type PatternName = keyof typeof PATTERNS;
const NAMES = Object.keys(PATTERNS) as readonly PatternName[];
const Enabled = z.strictObject(
  Object.fromEntries(NAMES.map((name) => [name, z.boolean().default(PATTERNS[name].isOn)])) as Record<
    PatternName,
    z.ZodDefault<z.ZodBoolean>
  >,
);

const schema = z.strictObject({
  enabled: Enabled.prefault({}),
  redact: z.boolean().default(false),
  redaction_text: z.string().max(1000).default('***REDACTED***'),
  block_on_detection: z.boolean().default(true),
  min_findings_to_block: z.int().min(1).default(1),
});

/** See the module. */
export const secretsDetection = defineGuardrail({
  kind: 'secrets_detection',
  aliases: [
    'plugins.secrets_detection.secrets_detection.SecretsDetectionPlugin',
    'cpex_secrets_detection.SecretsDetectionPlugin',
  ],
  description: 'Denies or redacts credentials in arguments and results',
  version: '0.1.0',
  schema,
  create(config) {
    const names = NAMES.filter((name) => config.enabled[name]);
    const replacement = [config.redaction_text];
    const replacer = createReplacer(
      names.map((name) => {
        const { source, flags = '' }: { source: string; flags?: string } = PATTERNS[name];
        return { source, flags: `g${flags}`, replacement };
      }),
    );
    const look = async (
      json: JsonText,
      where: string,
      editAll: (edit: Edit) => JsonText,
    ): Promise<{ deny?: Denial; json?: JsonText }> => {
      const edited = await editWith(replacer, editAll);
      const kinds = names.filter((_, at) => (edited.found[at] ?? 0) > 0);
      const count = edited.found.reduce((sum, one) => sum + one, 0);
      if (config.block_on_detection && count >= config.min_findings_to_block)
        return { deny: denial(where, count, kinds) };
      return config.redact && edited.json !== json ? { json: edited.json } : {};
    };
    return {
      async beforeCall({ arguments: args }): Promise<BeforeVerdict> {
        const { deny, json } = await look(args, 'arguments', (edit) => editArguments(args, edit));
        return { deny, arguments: json };
      },
      async afterCall(_, result) {
        const { deny, json } = await look(result, 'result', (edit) => editResult(result, edit));
        return { deny, result: json };
      },
      close: () => replacer.close(),
    };
  },
});

/** What was found is not repeated. */
function denial(where: string, count: number, kinds: readonly string[]): Denial {
  return {
    reason: 'Secrets detected',
    description: `The ${where} seem to hold credentials (${kinds.join(', ')})`,
    code: 'SECRETS_DETECTED',
    details: { count, kinds },
  };
}
