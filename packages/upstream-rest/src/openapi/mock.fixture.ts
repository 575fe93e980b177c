/**
 * @module For tests: a server that is made of a document alone. It reads each request as the document says, checks it against
 * the document's own schemas, and answers with what they allow. It shares no code with what is tested.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { sampler } from './sample.fixture.ts';

type Value = Readonly<Record<string, unknown>>;
type Document = { readonly paths: Readonly<Record<string, Value>> } & Value;

/** A request, read. */
interface Read {
  readonly path: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

/**
 * Serves the operations of an OpenAPI 3 document; 400 with a list of problems for what does not fit them.
 *
 * @param onRead told of each request: the names of all parameters and of all members of the body that were found in it
 */
export function mockServer(document: Document, onRead: (names: readonly string[]) => void = () => {}): Server {
  const routes = Object.keys(document.paths)
    .map((template) => ({ template, pattern: patternOf(template) }))
    // What is more exact counts more: /users/me before /users/{id}.
    .toSorted((a, b) => fixedLength(b.template) - fixedLength(a.template));
  const checks = createChecks(document);
  return createServer((request, response) => {
    let body = '';
    request.setEncoding('latin1').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      try {
        respond();
      } catch (error) {
        answer(response, 400, { problems: [`the mock failed: ${(error as Error).message}`] });
      }
    });
    function respond(): void {
      const url = new URL(request.url ?? '', 'http://mock');
      const method = (request.method ?? '').toLowerCase();
      const route = routes.find(
        ({ template, pattern }) => pattern.test(url.pathname) && method in (document.paths[template] ?? {}),
      );
      if (route === undefined)
        return answer(response, 404, { problems: [`no operation for ${method} ${url.pathname}`] });
      const path = Object.fromEntries(
        Object.entries(route.pattern.exec(url.pathname)?.groups ?? {}).map(([name, text]) => [
          decodeName(name),
          decodeURIComponent(text),
        ]),
      );
      const text = Buffer.from(body, 'latin1').toString();
      const read = { path, url, headers: request.headers, body: text };
      const problems = checks.problems(route.template, method, read);
      onRead(checks.names(route.template, method, read));
      if (problems.length > 0) return answer(response, 400, { problems });
      return answer(response, ...checks.answer(route.template, method));
    }
  });
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, value === undefined ? {} : { 'content-type': 'application/json' });
  response.end(value === undefined ? undefined : JSON.stringify(value));
}

const encodeName = (name: string): string => `n${Buffer.from(name).toString('hex')}`;
const decodeName = (name: string): string => Buffer.from(name.slice(1), 'hex').toString();

const fixedLength = (template: string): number => template.replaceAll(/\{[^{}]*\}/g, '').length;

function patternOf(template: string): RegExp {
  const parts = template.split(/\{([^{}]+)\}/);
  const source = parts.map((part, at) =>
    at % 2 === 0 ? part.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : `(?<${encodeName(part)}>[^/]+)`,
  );
  return new RegExp(`^${source.join('')}$`);
}

function createChecks(document: Document) {
  const strict = new Ajv2020({ strict: false, validateFormats: false, logger: false });
  const loose = new Ajv2020({ strict: false, validateFormats: false, logger: false, coerceTypes: 'array' });
  const modern = withoutOldKeywords(document) as Value;
  strict.addSchema(modern, 'doc');
  // A text may be a number and a text.
  loose.addSchema(JSON.parse(JSON.stringify(modern).replaceAll('"oneOf":', '"anyOf":')) as Value, 'doc');
  const at = (pointer: string): Value => {
    const tokens = pointer
      .split('/')
      .slice(1)
      .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
    return tokens.reduce<unknown>((value, token) => (value as Value)[token], document) as Value;
  };
  /** Where something stands in the end. */
  const follow = (pointer: string): string => {
    const ref = at(pointer)['$ref'];
    return typeof ref === 'string' ? follow(decodeURIComponent(ref.slice(1))) : pointer;
  };
  const sample = sampler((ref) => at(decodeURIComponent(ref.slice(1))));

  function check(ajv: Ajv2020, pointer: string, value: unknown, what: string): string[] {
    const validate = compiled(ajv, pointer);
    const holder = { value };
    return validate(holder)
      ? []
      : [`${what}: ${ajv.errorsText(validate.errors)} (${JSON.stringify(value).slice(0, 200)})`];
  }

  const known = new Map<Ajv2020, Map<string, ValidateFunction>>([
    [strict, new Map()],
    [loose, new Map()],
  ]);
  function compiled(ajv: Ajv2020, pointer: string): ValidateFunction {
    const cache = known.get(ajv);
    const found = cache?.get(pointer) ?? ajv.compile({ properties: { value: { $ref: `doc#${encodeURI(pointer)}` } } });
    cache?.set(pointer, found);
    return found;
  }

  function parameterProblems(pointer: string, read: Read): string[] {
    const {
      name,
      in: place,
      required,
      schema,
    } = at(pointer) as { name: string; in: string; required?: boolean; schema: Value };
    const value = decodeParameter(at(pointer), read, schema === undefined ? {} : at(follow(`${pointer}/schema`)));
    if (value === undefined) return required === true ? [`${place} "${name}" is missing`] : [];
    return schema === undefined ? [] : check(loose, `${pointer}/schema`, value, `${place} "${name}"`);
  }

  function bodyProblems(pointer: string, { headers, body }: Read): string[] {
    const { required, content } = at(pointer) as { required?: boolean; content: Readonly<Record<string, Value>> };
    const type = headers['content-type']?.split(';')[0];
    if (type === undefined || body === '') return required === true ? ['the body is missing'] : [];
    const media = Object.keys(content).find((one) => one.split(';')[0] === type || one === '*/*');
    if (media === undefined) return [`the body is ${type}, not one of ${Object.keys(content).join()}`];
    const schema = `${pointer}/content/${media.replaceAll('~', '~0').replaceAll('/', '~1')}/schema`;
    if (type.endsWith('json')) return check(strict, schema, JSON.parse(body), 'the body');
    return type.includes('urlencoded') ? check(loose, schema, formOf(new URLSearchParams(body)), 'the form') : [];
  }

  /** Parameters of an operation; those of its path where it has none of their names. */
  function parametersOf(item: string, method: string): string[] {
    const pointers = [item, `${item}/${method}`].flatMap((owner) =>
      ((at(owner)['parameters'] ?? []) as unknown[]).map((_, index) => follow(`${owner}/parameters/${index}`)),
    );
    return [
      ...new Map(pointers.map((pointer) => [`${String(at(pointer)['in'])} ${nameAt(pointer)}`, pointer])).values(),
    ];
  }
  const nameAt = (pointer: string): string => String(at(pointer)['name']);
  const itemOf = (template: string): string => `/paths/${template.replaceAll('~', '~0').replaceAll('/', '~1')}`;

  return {
    names(template: string, method: string, read: Read): string[] {
      const found = parametersOf(itemOf(template), method).filter((pointer) => {
        const schema = at(pointer)['schema'] === undefined ? {} : at(follow(`${pointer}/schema`));
        return decodeParameter(at(pointer), read, schema) !== undefined;
      });
      const type = read.headers['content-type'] ?? '';
      const body: unknown = type.includes('urlencoded')
        ? formOf(new URLSearchParams(read.body))
        : type.endsWith('json') && JSON.parse(read.body);
      return [...found.map(nameAt), ...Object.keys(Object(body) as object)];
    },
    problems(template: string, method: string, read: Read): string[] {
      const item = itemOf(template);
      const parameters = parametersOf(item, method);
      const query = new Set(parameters.filter((pointer) => at(pointer)['in'] === 'query').map(nameAt));
      const unknown = [...read.url.searchParams.keys()].filter(
        (key) => !query.has(key.split('[')[0] ?? '') && !query.has(key),
      );
      const body = at(`${item}/${method}`)['requestBody'];
      return [
        ...unknown.map((key) => `nobody knows "${key}" of the query`),
        ...parameters.flatMap((pointer) => parameterProblems(pointer, read)),
        ...(body === undefined || method === 'get' ? [] : bodyProblems(follow(`${item}/${method}/requestBody`), read)),
      ];
    },
    /** The first success, and what its schema allows. */
    answer(template: string, method: string): [status: number, value: unknown] {
      const owner = `${itemOf(template)}/${method}/responses`;
      const code =
        Object.keys(at(owner)).find((one) => one.startsWith('2')) ?? ('default' in at(owner) ? 'default' : undefined);
      if (code === undefined) return [204, undefined]; // redirects only
      const content = at(follow(`${owner}/${code}`))['content'] as Readonly<Record<string, Value>> | undefined;
      const media = Object.entries(content ?? {}).find(([type]) => type.includes('json') || type === '*/*')?.[1];
      return [code === 'default' ? 200 : Number(code), media === undefined ? undefined : sample(media['schema'])];
    },
  };
}

/** The value of a parameter as its style says; texts, which are turned into what their schema wants. */
function decodeParameter(parameter: Value, { path, url, headers }: Read, schema: Value): unknown {
  const {
    name,
    in: place,
    style = place === 'query' ? 'form' : 'simple',
  } = parameter as { name: string; in: string; style?: string };
  const explode = parameter['explode'] ?? style === 'form';
  const isList = schema['type'] === 'array';
  const split = (text: string | undefined): unknown => (isList ? text?.split(',') : text);
  if (place === 'path') return split(path[name]);
  if (place === 'header') return split(headers[name.toLowerCase()] as string | undefined);
  if (place !== 'query') return undefined;
  const all = url.searchParams.getAll(name);
  const form = formOf(url.searchParams)[name];
  if (style === 'deepObject' || typeof form === 'object') return form;
  if (isList) return all.length === 0 ? undefined : explode === true ? all : all[0]?.split(',');
  return all[0];
}

/** `a[b][0]=c` -> `{a: {b: ['c']}}`. */
function formOf(pairs: URLSearchParams): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [key, value] of pairs) {
    const steps = [...key.matchAll(/[^[\]]+/g)].map(([step]) => step);
    let holder = root;
    for (const step of steps.slice(0, -1)) holder = (holder[step] ??= {}) as Record<string, unknown>;
    const last = steps.at(-1) ?? '';
    holder[last] = last in holder ? [holder[last], value].flat() : value;
  }
  return listed(root) as Record<string, unknown>;
}

/** Objects whose keys are 0, 1, 2 ... are lists. */
function listed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(([key, member]) => [key, listed(member)] as const);
  const isList = members.length > 0 && members.every(([key], at) => key === String(at));
  return isList ? members.map(([, member]) => member) : Object.fromEntries(members);
}

/** What OpenAPI 3.0 has and JSON Schema has not; ajv knows `nullable`, where there is a type. */
function withoutOldKeywords(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withoutOldKeywords);
  const kept = Object.entries(value).filter(
    ([key, member]) => !(key.startsWith('exclusiveM') && typeof member === 'boolean'),
  );
  const { nullable, ...rest } = Object.fromEntries(kept.map(([key, member]) => [key, withoutOldKeywords(member)]));
  if (nullable !== true) return rest;
  return 'type' in rest ? { ...rest, nullable } : { anyOf: [rest, { type: 'null' }] };
}
