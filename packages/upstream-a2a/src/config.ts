/** @module What the `config` of an upstream of this adapter says. Secrets stand apart, and are spoken of by their names. */
import { checkUpstreamUrl, ForgeError, issueWords, type UpstreamRecord } from '@forge/core';
import { z } from 'zod';

/** Bindings of A2A, as cards spell them. */
export const BINDINGS = ['JSONRPC', 'HTTP+JSON', 'GRPC'] as const;

/** A binding of A2A. */
export type Binding = (typeof BINDINGS)[number];

/** Skills of one agent that become tools. */
export const MAX_SKILLS = 1000;

const Origin = z
  .url({ protocol: /^https?$/ })
  .max(2048)
  .transform((url) => new URL(url).origin);

/** Names in the query of every request, and the secrets that are sent there. */
const query = z.record(z.string().min(1).max(256), z.string()).default({});

/** OAuth 2 client credentials (RFC 6749, 4.4): each request gets a token that the token endpoint gives for them. */
const oauth = z
  .strictObject({
    tokenUrl: z.url({ protocol: /^https?$/ }).max(2048),
    clientId: z.string().min(1).max(1024),
    /** The name of the secret. */
    clientSecret: z.string().min(1).max(256),
    scope: z.string().max(4096).optional(),
    audience: z.string().max(2048).optional(),
    resource: z.string().max(2048).optional(),
    clientAuth: z.enum(['basic', 'post']).optional(),
  })
  .optional();

const Skill = z.strictObject({
  id: z.string().min(1).max(256),
  name: z.string().max(256).optional(),
  description: z.string().max(8192).optional(),
  inputSchema: z.looseObject({ type: z.literal('object') }).optional(),
});

/** An A2A agent. */
const A2aConfig = z.strictObject({
  agentType: z.literal('a2a'),
  query,
  oauth,
  /** The URL is where the agent is called, and no card is fetched. */
  endpoint: z
    .strictObject({
      binding: z.enum(BINDINGS).default('JSONRPC'),
      protocolVersion: z
        .string()
        .regex(/^\d+\.\d+$/, 'must be like "1.0"')
        .default('1.0'),
      tenant: z.string().max(256).default(''),
      streaming: z.boolean().default(false),
      skills: z.array(Skill).max(MAX_SKILLS).default([]),
    })
    .optional(),
  /** Only these bindings are used. */
  bindings: z
    .array(z.enum(BINDINGS))
    .min(1)
    .default([...BINDINGS]),
  /** `verified`: where there is one. */
  signature: z.enum(['required', 'verified', 'ignored']).default('verified'),
  /** Public keys that cards are signed with. */
  keys: z
    .array(z.looseObject({ kty: z.enum(['RSA', 'EC', 'OKP']), kid: z.string().optional() }))
    .max(32)
    .default([]),
  /** Key sets that a signature may name by `jku`, besides those of the card's own origin. */
  keyUrls: z
    .array(z.url({ protocol: /^https?$/ }).max(2048))
    .max(32)
    .default([]),
  /** Other origins than the URL's that get the credentials. */
  origins: z.array(Origin).max(32).default([]),
});

const parameters = z.record(z.string(), z.unknown()).default({});
const modelFields = {
  query,
  oauth,
  model: z.string().min(1).max(256),
  /** Says what every conversation begins with. */
  system: z.string().max(65_536).optional(),
  /** Further members of the request: `temperature` and the like. */
  parameters,
  /** Whether answers are streamed to clients that want progress. */
  streaming: z.boolean().default(true),
};

/** An endpoint that speaks as OpenAI's chat completions do. */
const OpenAiConfig = z.strictObject({ agentType: z.literal('openai'), ...modelFields });

/** An endpoint that speaks as Anthropic's messages do. */
const AnthropicConfig = z.strictObject({
  agentType: z.literal('anthropic'),
  ...modelFields,
  maxTokens: z.int().min(1).max(1_000_000).default(4096),
  version: z.string().max(64).default('2023-06-01'),
});

/** Any other endpoint that takes JSON. */
const CustomConfig = z.strictObject({
  agentType: z.literal('custom'),
  query,
  oauth,
  /** The body. `{{name}}` in its texts stands for an argument; a text that is nothing else becomes its JSON value. */
  request: z.unknown().optional(),
  /** JSON pointer (RFC 6901) to the answer; the empty one is the whole body. */
  answer: z
    .string()
    .max(1024)
    .regex(/^(\/.*)?$/s, 'must be a JSON pointer like "/choices/0/text", or empty')
    .default(''),
});

const AnyConfig = z.discriminatedUnion('agentType', [A2aConfig, OpenAiConfig, AnthropicConfig, CustomConfig]);

/** Whatever an agent may be. */
export type AgentConfig = z.output<typeof AnyConfig>;

/** See {@link AgentConfig}. */
export type ConfigOf<T extends AgentConfig['agentType']> = Extract<AgentConfig, { agentType: T }>;

/** What a gateway sets itself: tools are off, and streaming is asked for where it is wanted. */
const RESERVED = 'messages stream stream_options tools tool_choice functions function_call n'.split(' ');

/**
 * Reads the config of an upstream, whose kind is `a2a` where it does not say.
 *
 * @throws ForgeError `validation_failed` naming the field
 */
export function readConfig(record: UpstreamRecord): AgentConfig {
  const secrets = record.secrets ?? {};
  const parsed = AnyConfig.safeParse(
    { agentType: 'a2a', ...(JSON.parse(record.config ?? '{}') as object) },
    { reportInput: true },
  );
  if (!parsed.success) throw invalid(parsed.error.issues.map(issueOf));
  const { data } = parsed;
  const used = new Map(Object.entries(data.query).map(([name, secret]) => [`config.query.${name}`, secret]));
  if (data.oauth) used.set('config.oauth.clientSecret', data.oauth.clientSecret);
  for (const [field, secret] of used) {
    if (!Object.hasOwn(secrets, secret)) throw invalid([{ field, message: 'names a secret that is not given' }]);
  }
  const unused = Object.keys(secrets).find((name) => ![...used.values()].includes(name));
  if (unused !== undefined) {
    const message = 'is used nowhere; config.query and config.oauth say where secrets go';
    throw invalid([{ field: `secrets.${unused}`, message }]);
  }
  if ('parameters' in data) {
    const reserved = Object.keys(data.parameters).find((name) => RESERVED.includes(name));
    if (reserved) throw invalid([{ field: `config.parameters.${reserved}`, message: 'is set by the gateway itself' }]);
  }
  return data;
}

/**
 * {@link readConfig}, and that tokens are fetched from where they may be.
 *
 * @throws ForgeError `validation_failed` naming the field
 */
export function checkConfig(record: UpstreamRecord, refuses: (host: string) => boolean): void {
  const { oauth } = readConfig(record);
  if (oauth === undefined) return;
  const refusal = (host: string): string | undefined => (refuses(host) ? 'is refused (see SSRF_*)' : undefined);
  try {
    checkUpstreamUrl(oauth.tokenUrl, { addresses: { refusal } });
  } catch (error) {
    const message = ForgeError.from(error).message.replace(/^url: /, '');
    throw invalid([{ field: 'config.oauth.tokenUrl', message }]);
  }
}

/** The query that goes with every request: the secrets themselves. */
export function queryOf(config: AgentConfig, { secrets }: UpstreamRecord): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(config.query).map(([name, secret]) => [name, secrets?.[secret] ?? '']));
}

interface Issue {
  readonly field: string;
  readonly message: string;
}

function issueOf(issue: z.core.$ZodIssue): Issue {
  const field = ['config', ...issue.path].join('.');
  if (issue.code !== 'unrecognized_keys') return { field, message: issueWords(issue) };
  return { field: `${field}.${issue.keys[0]?.slice(0, 100)}`, message: 'is not known here' };
}

function invalid(issues: readonly Issue[]): ForgeError {
  const text = issues.map(({ field, message }) => `${field}: ${message}`).join('; ');
  return new ForgeError('validation_failed', text, { data: { issues } });
}
