/** @module What a service offers: its methods as tools. */
import type { Registry } from '@bufbuild/protobuf';
import { JsonText } from '@forge/protocol';
import { readComments } from './descriptors/comments.ts';
import type { Described } from './descriptors/registry.ts';
import { createOperation, type Operation } from './operation.ts';

/** The tools of an upstream. */
export interface Catalog {
  readonly operations: ReadonlyMap<string, Operation>;
  /** The result of `tools/list`. */
  readonly list: JsonText;
  /** Full names of the services. */
  readonly services: readonly string[];
  /** For what is in an `Any`. */
  readonly types: Registry;
  /** Methods for which there was no room. */
  readonly leftOut: number;
}

/** Services for machinery: reflection, health, diagnostics. They are tools where they are asked for by name. */
const MACHINERY = /^grpc\.(?:reflection|health|channelz|admin)\./;
const MAX_TOOLS = 5000;
/** Characters that are written for all tools, those counted that had to be thrown away. */
const MAX_LENGTH = 67_108_864;

/** Whether a service is offered: one of `wanted`, or, where nothing is wanted in particular, any but machinery. */
export function isOffered(service: string, wanted: readonly string[] | undefined): boolean {
  return wanted === undefined ? !MACHINERY.test(service) : wanted.includes(service);
}

/** Makes tools of methods, in the order of their names. */
export function createCatalog({ files, types }: Described, offered: readonly string[]): Catalog {
  const source = { comment: readComments(files), types, budget: { left: MAX_LENGTH } };
  const services = [...new Set(offered)].toSorted();
  const methods = services.flatMap((name) => files.getService(name)?.methods ?? []);
  const operations = new Map<string, Operation>();
  for (const method of methods) {
    if (operations.size >= MAX_TOOLS || source.budget.left <= 0) break;
    const operation = createOperation(method, source);
    operations.set(operation.name, operation);
  }
  const definitions = [...operations.values()].map(({ definition }) => definition);
  const list = `{"resultType":"complete","tools":[${definitions.join(',')}],"ttlMs":60000,"cacheScope":"private"}`;
  return { operations, list: new JsonText(list), services, types, leftOut: methods.length - operations.size };
}
