/** @module `forge-gateway import openapi`: makes tools of the operations of an OpenAPI document, by the API of a gateway. */
import { readFileSync } from 'node:fs';
import { type Command, type FlagValues, runCommand, UsageError } from '@forge/cli';
import { environmentVariable, readSettings } from '../config/environment.ts';
import { ConfigError } from '../config/load.ts';
import type { Settings } from '../config/schema.ts';
import { makeToken } from '../make-token.ts';
import { describeImport, type ImportAnswer } from './import-report.ts';
import { settingsOf, sourceFlags } from './setting-flags.ts';

const CHOICE = 'What is imported';
const FIELDS = 'token, username, password, value, clientId, clientSecret, tokenUrl, scope, audience';

const command = {
  name: 'forge-gateway import',
  summary: 'Makes a gateway of an OpenAPI document (2.0, 3.0, 3.1; JSON or YAML): each operation becomes a tool.',
  operands: ['openapi', 'FILE|URL'],
  flags: {
    name: { type: 'string', short: 'n', value: 'NAME', help: 'Name of the new gateway.' },
    preview: { type: 'boolean', help: 'Show what would become of it, and change nothing.' },
    update: {
      type: 'string',
      value: 'ID',
      help: 'Import into this gateway again; with --preview, show the difference.',
    },
    tag: { type: 'string', many: true, value: 'TAG', group: CHOICE, help: 'Operations with one of these tags.' },
    path: { type: 'string', many: true, value: 'GLOB', group: CHOICE, help: "Paths like '/users/*' or '/orgs/**'." },
    method: { type: 'string', many: true, value: 'METHOD', group: CHOICE, help: 'Operations with these methods.' },
    operation: { type: 'string', many: true, value: 'ID', group: CHOICE, help: 'Operations with these operationIds.' },
    'base-url': { type: 'string', value: 'URL', help: 'Call this server, not the one that the document names.' },
    'server-variable': { type: 'string', many: true, value: 'NAME=VALUE', help: 'Variables of the servers.' },
    credential: {
      type: 'string',
      many: true,
      value: 'SCHEME.FIELD=VALUE',
      help: `Credentials (${FIELDS}); $NAME as VALUE reads the environment.`,
    },
    gateway: {
      type: 'string',
      value: 'URL',
      help: 'The gateway to call. Default: the one that the settings describe.',
    },
    token: { type: 'string', value: 'TOKEN', help: 'Token of an administrator. Default: made from the settings.' },
    ...sourceFlags,
  },
  examples: [
    ['Look first', 'forge-gateway import openapi https://api.example.com/openapi.json --preview'],
    ['Everything that only reads', 'forge-gateway import openapi petstore.yaml --name pets --method GET'],
    ['With a token', "forge-gateway import openapi api.json --name api --credential 'bearerAuth.token=$API_TOKEN'"],
  ],
} as const satisfies Command;

type Values = FlagValues<typeof command.flags>;

/** Exit code 0 after the import or the preview, 1 when the gateway refuses it. */
export function run(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async (values, _, [kind, source = '']) => {
    if (kind !== 'openapi') throw new UsageError(`Only openapi can be imported, not "${kind}".`);
    const { name, preview = false, update } = values;
    if (!preview && update === undefined && name === undefined) {
      throw new UsageError('--name is missing (or --preview, or --update).');
    }
    const body = { ...sourceOf(source), ...choiceOf(values) };
    const { settings } = readSettings(settingsOf(values), values['env-file']);
    const call = caller(
      values.gateway ?? addressOf(settings),
      values.token ?? (await makeToken(settings, { minutes: 5 })),
    );
    const answer = await (update !== undefined
      ? call('PUT', `/import/openapi/${encodeURIComponent(update)}`, { ...body, dryRun: preview })
      : preview
        ? call('POST', '/import/openapi/preview', { ...body, schemas: false })
        : call('POST', '/import/openapi', { ...body, name }));
    process.stdout.write(describeImport(answer));
    return 0;
  });
}

/** A URL is read by the gateway, a file here. JSON is sent as it is meant: as text it would be longer. */
function sourceOf(source: string): { url: string } | { document: unknown } {
  if (/^https?:\/\//i.test(source)) return { url: source };
  const text = readSource(source);
  try {
    return { document: JSON.parse(text) as unknown };
  } catch {
    return { document: text }; // YAML, or something that the gateway can say more about
  }
}

function readSource(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError([`${path} cannot be read: ${code === 'ENOENT' ? 'it does not exist' : message}`]);
  }
}

/** What is not said is not sent: with `--update` it stays as it was. */
function choiceOf({ tag, path, method, operation, 'base-url': baseUrl, ...values }: Values) {
  const select = { tags: tag, paths: path, methods: method, operationIds: operation };
  const variables = values['server-variable']?.map((pair) => pairOf('--server-variable', pair));
  return {
    ...(Object.values(select).some((list) => list !== undefined) ? { select } : {}),
    ...(baseUrl === undefined ? {} : { baseUrl }),
    ...(variables === undefined ? {} : { variables: Object.fromEntries(variables) }),
    ...(values.credential === undefined ? {} : { credentials: credentialsOf(values.credential) }),
  };
}

function credentialsOf(pairs: readonly string[]): Record<string, Record<string, string>> {
  const credentials = new Map<string, Map<string, string>>();
  for (const pair of pairs) {
    const [target, value] = pairOf('--credential', pair);
    const dot = target.lastIndexOf('.');
    if (dot <= 0) throw new UsageError(`--credential must be like bearerAuth.token=VALUE, not "${target}".`);
    const fields = credentials.get(target.slice(0, dot)) ?? new Map<string, string>();
    fields.set(target.slice(dot + 1), secretOf(value));
    credentials.set(target.slice(0, dot), fields);
  }
  return Object.fromEntries([...credentials].map(([scheme, fields]) => [scheme, Object.fromEntries(fields)]));
}

/** Command lines can be seen by everyone on the machine, the environment cannot. */
function secretOf(value: string): string {
  if (!/^\$\w+$/.test(value)) return value;
  const found = environmentVariable(value.slice(1));
  if (found === undefined) throw new UsageError(`The environment has no ${value.slice(1)}.`);
  return found;
}

function pairOf(flag: string, pair: string): [name: string, value: string] {
  const at = pair.indexOf('=');
  if (at <= 0) throw new UsageError(`${flag} must be like NAME=VALUE, not "${pair}".`);
  return [pair.slice(0, at), pair.slice(at + 1)];
}

function addressOf({ HOST, PORT }: Settings): string {
  const host = { '0.0.0.0': '127.0.0.1', '::': '[::1]' }[HOST] ?? (HOST.includes(':') ? `[${HOST}]` : HOST);
  return `http://${host}:${PORT}`;
}

function caller(gateway: string, token: string) {
  const base = gateway.replace(/\/$/, '');
  return async (method: string, path: string, body: unknown): Promise<ImportAnswer> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const sent = fetch(base + path, { method, headers, body: JSON.stringify(body) });
    const response = await sent.catch((error: unknown) => {
      const { cause } = error as { cause?: { code?: string } };
      throw new ConfigError([`No gateway answers at ${base} (${cause?.code ?? String(error)}). Is it running?`]);
    });
    const answer = (await response.json().catch(() => ({}))) as ImportAnswer & { detail?: string };
    if (response.ok) return answer;
    throw new ConfigError([`${base} answered ${response.status}: ${answer.detail ?? 'no reason given'}`]);
  };
}
