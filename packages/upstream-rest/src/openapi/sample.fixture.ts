/** @module For tests: a value that a schema allows, the same one every time. */

type Schema = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 6;
/** What one of the usual patterns fits. */
const TEXTS = [
  'text',
  'a1',
  '1',
  '2026-01-01',
  '2026-01-01T00:00:00Z',
  'a-b',
  'a/b',
  '0123456789abcdef0123456789abcdef01234567',
  '#ffffff',
  'ffffff',
  'A1B2C3',
  '1.2.3',
  'refs/heads/main',
  'ssh-rsa AAAA',
  'https://a.example/',
  `sha256:${'0'.repeat(64)}`,
];

/** Makes values of schemas whose references `resolve` follows. */
export function sampler(resolve: (ref: string) => unknown) {
  function sample(given: unknown, depth = 0): unknown {
    const schema = (typeof given === 'object' && given !== null ? given : {}) as Schema;
    if (typeof schema['$ref'] === 'string') return sample(resolve(schema['$ref']), depth + 1);
    if ('const' in schema) return schema['const'];
    const values = schema['enum'] as unknown[] | undefined;
    if (values?.length) return values.find((value) => value !== null && value !== '') ?? values[0];
    const either = (schema['anyOf'] ?? schema['oneOf']) as Schema[] | undefined;
    const all = [...((schema['allOf'] ?? []) as Schema[]), ...(either?.length ? [shallowest(either)] : [])];
    const parts = all.map((part) => sample(part, depth + 1));
    const own = ownSample(schema, depth);
    if (parts.length === 0) return own;
    const objects = [...parts, own].filter((part) => typeof part === 'object' && part !== null && !Array.isArray(part));
    return objects.length > 0 ? Object.assign({}, ...objects) : parts.find((part) => part !== undefined);
  }

  /** Alternatives that come to an end come first. */
  function shallowest(either: readonly Schema[]): Schema {
    return either.find((one) => one['$ref'] === undefined && one['type'] !== 'null') ?? either[0] ?? {};
  }

  function ownSample(schema: Schema, depth: number): unknown {
    const types = [schema['type']].flat();
    const type = types.find((one) => one !== 'null') ?? (schema['properties'] === undefined ? undefined : 'object');
    switch (type) {
      case 'object':
        return objectOf(schema, depth);
      case 'array': {
        const count = Math.max(Number(schema['minItems'] ?? 1), depth > MAX_DEPTH ? 0 : 1);
        return count === 0
          ? []
          : Array.from({ length: Math.min(count, 3) }, () => sample(schema['items'], depth + 1) ?? 'x');
      }
      case 'integer':
      case 'number':
        return numberOf(schema);
      case 'boolean':
        return true;
      case 'string':
        return textOf(schema);
      case 'null':
        return null;
      default:
        return (schema['allOf'] ?? schema['anyOf'] ?? schema['oneOf']) ? undefined : 'anything';
    }
  }

  function objectOf(schema: Schema, depth: number): Record<string, unknown> {
    const properties = (schema['properties'] ?? {}) as Readonly<Record<string, unknown>>;
    const required = (schema['required'] ?? []) as string[];
    // Forms cannot say that an object is empty.
    const some = Object.keys(properties).slice(0, depth > 1 ? Number(required.length === 0 && depth < MAX_DEPTH) : 8);
    const names = [...new Set([...required, ...some])];
    const members = names.flatMap((name) => {
      const value = sample(properties[name], depth + 1);
      return value === undefined ? [] : [[name, value] as const];
    });
    const others = schema['additionalProperties'];
    const isMap = typeof others === 'object' && members.length === 0 && depth < MAX_DEPTH;
    return Object.fromEntries(isMap ? [['key', sample(others, depth + 1)]] : members);
  }

  return sample;
}

function numberOf(schema: Schema): number {
  const [least, most] = [schema['minimum'], schema['maximum']].map((bound) =>
    typeof bound === 'number' ? bound : undefined,
  );
  if (least !== undefined) return schema['exclusiveMinimum'] === true ? least + 1 : least;
  const above = schema['exclusiveMinimum'];
  if (typeof above === 'number') return above + 1;
  return Math.min(1, most ?? 1);
}

function textOf(schema: Schema): string {
  const pattern = schema['pattern'];
  const [least, most] = [Number(schema['minLength'] ?? 0), Number(schema['maxLength'] ?? Infinity)];
  if (schema['contentEncoding'] === 'base64' || schema['format'] === 'binary') return 'aGVsbG8=';
  if (typeof pattern === 'string') {
    const fits = (text: string): boolean =>
      text.length >= least && text.length <= most && new RegExp(pattern, 'u').test(text);
    return TEXTS.find(fits) ?? 'text';
  }
  if (schema['format'] === 'date-time') return '2026-01-01T00:00:00Z';
  return 'text'.padEnd(least, 'x').slice(0, most);
}
