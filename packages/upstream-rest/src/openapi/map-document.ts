/** @module A whole description as the configuration of a REST upstream, with everything that could not be mapped. */
import type { JsonObject, RestConfig, RestOperation } from '../config/operation.ts';
import { describe, type Description, findOperations, type Found } from './document.ts';
import { mapOperation, type MappingContext } from './map-operation.ts';
import { keyOf, toolNames } from './names.ts';
import { createReferences, type Referred } from './references.ts';
import { createSchemaSet } from './schema-set.ts';
import { type GivenCredential, readSecurity, type Scheme, type Security } from './security.ts';
import { isSelected, type Selection } from './select.ts';
import { hrefOf, pathOf, readServers, type ServerChoice, type Servers } from './servers.ts';
import { clip, membersOf, objectOf, textOf, Unmappable } from './values.ts';

/** What an importer chooses. */
export interface ImportChoice extends Omit<ServerChoice, 'documentUrl'> {
  readonly select?: Selection | undefined;
  /** By the names of the security schemes. */
  readonly credentials?: Readonly<Record<string, GivenCredential>> | undefined;
  /** What an earlier import made; its credentials, and what was set for its operations since, stay. */
  readonly current?: RestConfig | undefined;
}

/** A tool that the document becomes. What the tool is stands in the configuration, under its name. */
export interface ImportedOperation {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly operationId?: string | undefined;
  readonly tags: readonly string[];
  /** What was left out, simplified or is missing. */
  readonly notes: readonly string[];
}

/** An operation that becomes no tool. */
export interface SkippedOperation {
  readonly method: string;
  readonly path: string;
  readonly operationId?: string | undefined;
  readonly reason: string;
}

/** What a document becomes. */
export interface ImportResult {
  readonly title: string;
  /** Of OpenAPI: `2.0`, `3.0`, `3.1`. */
  readonly revision: string;
  /** The upstream's URL; `undefined`: the document names none. */
  readonly url: string | undefined;
  /** All that the document names. */
  readonly servers: readonly string[];
  readonly config: RestConfig;
  /** Secrets that the configuration speaks of. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly schemes: readonly Scheme[];
  readonly operations: readonly ImportedOperation[];
  readonly skipped: readonly SkippedOperation[];
  /** How many operations the selection left out. */
  readonly unselected: number;
  readonly notes: readonly string[];
}

/** Operations that an upstream may have. */
const MAX_OPERATIONS = 5000;
const MAX_INSTRUCTIONS = 2000;

/** Characters of one schema, and of the whole configuration: what the registry keeps of an upstream is bounded. */
const MAX_SCHEMA = { input: 65_536, output: 16_384 };
const MAX_CONFIG = 14_000_000;
/** Where all together are too large, each has to be smaller. */
const SCALES = [1, 0.5, 0.25] as const;

/** @throws DocumentError */
export function mapDocument(
  root: string,
  documents: ReadonlyMap<string, Referred>,
  documentUrl: string | undefined,
  choice: ImportChoice,
): ImportResult {
  const main = documents.get(root);
  const references = createReferences(root, documents);
  const description = describe(main !== undefined && 'document' in main ? main.document : {}, references);
  const servers = readServers(description, { ...choice, documentUrl });
  const security = readSecurity(description, choice.credentials ?? {}, choice.current?.credentials);
  const all = findOperations(description);
  const found = all.filter((one) => 'operation' in one);
  const wanted = found.filter((one) => isSelected(one, choice.select ?? {}));
  const names = toolNames(found);
  const chosen = new Map(wanted.map((one) => [one, security.choose(one)]));

  let tools: Tools = { mapped: [], operations: [], skipped: [], isComplete: false };
  for (const scale of SCALES) {
    if (!tools.isComplete) tools = mapAll(wanted, contextOf(description, scale), { names, servers, chosen });
  }
  const { url, operations } = place(servers.base, tools.mapped);
  const instructions = textOf(objectOf(description.document['info'])?.['description']);
  const before = new Map(choice.current?.operations.map((operation) => [operation.name, operation]));
  return {
    title: description.title,
    revision: description.revision,
    url,
    servers: servers.all,
    config: {
      ...(instructions === undefined ? {} : { instructions: clip(instructions, MAX_INSTRUCTIONS) }),
      credentials: security.credentials,
      operations: operations.map((operation) => withSettings(operation, before.get(operation.name))),
    },
    secrets: security.secrets,
    schemes: security.schemes(),
    operations: tools.operations,
    skipped: [...all.filter((one) => 'reason' in one), ...tools.skipped],
    unselected: found.length - wanted.length,
    notes: [...servers.notes, ...leftOut(description.document)],
  };
}

interface Tools {
  readonly mapped: readonly RestOperation[];
  readonly operations: readonly ImportedOperation[];
  readonly skipped: readonly SkippedOperation[];
  /** There was room for all of them. */
  readonly isComplete: boolean;
}

interface Settled {
  readonly names: ReadonlyMap<string, string>;
  readonly servers: Servers;
  readonly chosen: ReadonlyMap<Found, ReturnType<Security['choose']>>;
}

function contextOf(description: Description, scale: number): MappingContext {
  const { references, revision } = description;
  const set = (direction: 'input' | 'output') =>
    createSchemaSet({ references, direction, isOld: revision !== '3.1', max: MAX_SCHEMA[direction] * scale });
  return { description, inputs: set('input'), outputs: set('output') };
}

function mapAll(wanted: readonly Found[], context: MappingContext, { names, servers, chosen }: Settled): Tools {
  const mapped: RestOperation[] = [];
  const operations: ImportedOperation[] = [];
  const skipped: SkippedOperation[] = [];
  let room = MAX_CONFIG;
  for (const one of wanted) {
    const { method, path, operationId, tags } = one;
    const about = { method, path: clip(path, 500), operationId: operationId && clip(operationId, 200) };
    try {
      if (mapped.length >= MAX_OPERATIONS) throw new Unmappable(`there are more than ${MAX_OPERATIONS}: select fewer`);
      const { credentials = [], note } = chosen.get(one) ?? {};
      const name = names.get(keyOf(one)) ?? '';
      const { operation, notes } = mapOperation(one, context, { name, path: servers.pathOf(one), credentials });
      room -= JSON.stringify(operation).length;
      if (room < 0) throw new Unmappable('all tools together are too large: select fewer');
      mapped.push(operation);
      operations.push({ ...about, name, tags, notes: note === undefined ? notes : [...notes, note] });
    } catch (error) {
      if (!(error instanceof Unmappable)) throw error;
      skipped.push({ ...about, reason: error.message });
    }
  }
  return { mapped, operations, skipped, isComplete: room >= 0 };
}

/** Paths begin at the server's base where all of them do, and at its root otherwise. */
function place(base: URL | undefined, operations: readonly RestOperation[]) {
  if (base === undefined) return { url: undefined, operations };
  const prefix = pathOf(base);
  const isBelow = operations.every(({ path }) => path.startsWith(`${prefix}/`));
  if (!isBelow) return { url: base.origin, operations };
  return {
    url: hrefOf(base),
    operations: operations.map((operation) => ({ ...operation, path: operation.path.slice(prefix.length) })),
  };
}

/** What no document says, and operators set. */
const SETTINGS = [
  'filter',
  'maxAnswerBytes',
  'timeoutMs',
  'callsPerMinute',
  'maxConcurrent',
  'allowedHosts',
  'exposePassthrough',
] as const satisfies readonly (keyof RestOperation)[];

function withSettings(operation: RestOperation, before: RestOperation | undefined): RestOperation {
  if (before === undefined) return operation;
  const kept = SETTINGS.filter((setting) => before[setting] !== undefined);
  return { ...operation, ...Object.fromEntries(kept.map((setting) => [setting, before[setting]])) };
}

/** What a document has besides operations that can be called. */
function leftOut(document: JsonObject): string[] {
  const webhooks = membersOf(document['webhooks'] ?? document['x-webhooks']).length;
  return webhooks === 0 ? [] : [`${webhooks} webhooks are left out: they are requests that the API sends`];
}
