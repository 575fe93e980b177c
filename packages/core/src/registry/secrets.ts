/** @module The secrets of an upstream: header values, environment values and those of its adapter; sealed in the store, masked in answers. */
import type { SecretHeader, UpstreamRecord } from '../contracts/model.ts';
import { invalid } from './checks.ts';
import type { Sealer } from './sealer.ts';

/** What stands for a secret in answers; sent back, it means "as it is". */
export const MASK = '*****';

type Change = (value: string, field: string) => string | Promise<string>;

/** The record as the store keeps it. */
export function sealUpstream(sealer: Sealer, record: UpstreamRecord): Promise<UpstreamRecord> {
  return mapSecrets(record, (value, field) => sealer.seal(value, contextOf(record, field)));
}

/** The record as the pool needs it. Never give it to anyone else. @throws ForgeError `internal` */
export function unsealUpstream(sealer: Sealer, record: UpstreamRecord): Promise<UpstreamRecord> {
  return mapSecrets(record, (value, field) => sealer.unseal(value, contextOf(record, field)));
}

/** The record as anyone may see it. */
export function maskUpstream(record: UpstreamRecord): UpstreamRecord {
  return {
    ...record,
    headers: record.headers.map(({ name }) => ({ name, value: MASK })),
    env: masked(record.env),
    secrets: masked(record.secrets),
  };
}

/** New headers with masked values replaced by the stored ones. @throws ForgeError `validation_failed` where there is none. */
export function keepHeaders(next: readonly SecretHeader[], current: readonly SecretHeader[]): readonly SecretHeader[] {
  return next.map(({ name, value }) => {
    if (!value.includes(MASK)) return { name, value };
    const stored = current.find((header) => header.name.toLowerCase() === name.toLowerCase());
    if (!stored) throw invalid('headers', `there is no stored value for "${name}" that ${MASK} could stand for`);
    return { name, value: stored.value };
  });
}

/** The same for the environment of a child, or an adapter's own secrets. */
export function keepByName(
  field: 'env' | 'secrets',
  next: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const kept = Object.entries(next).map(([name, value]) => {
    if (value !== MASK) return [name, value];
    if (!Object.hasOwn(current, name)) throw invalid(field, `there is no stored value for "${name}"`);
    return [name, current[name]];
  });
  return Object.fromEntries(kept) as Record<string, string>;
}

async function mapSecrets(record: UpstreamRecord, change: Change): Promise<UpstreamRecord> {
  const headers = record.headers.map(async ({ name, value }) => ({
    name,
    value: await change(value, `header/${name.toLowerCase()}`),
  }));
  const changed = async (kind: 'env' | 'secrets') => {
    const values = record[kind];
    if (values === undefined) return undefined;
    const entries = Object.entries(values).map(
      async ([name, value]) => [name, await change(value, `${kind}/${name}`)] as const,
    );
    return Object.fromEntries(await Promise.all(entries));
  };
  return {
    ...record,
    headers: await Promise.all(headers),
    env: await changed('env'),
    secrets: await changed('secrets'),
  };
}

function masked(values: Readonly<Record<string, string>> | undefined): Record<string, string> | undefined {
  return values && Object.fromEntries(Object.keys(values).map((name) => [name, MASK]));
}

function contextOf(record: UpstreamRecord, field: string): string {
  return `upstream/${record.id}/${field}`;
}
