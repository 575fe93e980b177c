/** @module The secrets of an upstream: header values and environment values; sealed in the store, masked in answers. */
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
    env: record.env && Object.fromEntries(Object.keys(record.env).map((name) => [name, MASK])),
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

/** The same for the environment of a child. */
export function keepEnv(
  next: Readonly<Record<string, string>>,
  current: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const kept = Object.entries(next).map(([name, value]) => {
    if (value !== MASK) return [name, value];
    if (!Object.hasOwn(current, name)) throw invalid('env', `there is no stored value for "${name}"`);
    return [name, current[name]];
  });
  return Object.fromEntries(kept) as Record<string, string>;
}

async function mapSecrets(record: UpstreamRecord, change: Change): Promise<UpstreamRecord> {
  const headers = record.headers.map(async ({ name, value }) => ({
    name,
    value: await change(value, `header/${name.toLowerCase()}`),
  }));
  const env = Object.entries(record.env ?? {}).map(
    async ([name, value]) => [name, await change(value, `env/${name}`)] as const,
  );
  return {
    ...record,
    headers: await Promise.all(headers),
    env: record.env && Object.fromEntries(await Promise.all(env)),
  };
}

function contextOf(record: UpstreamRecord, field: string): string {
  return `upstream/${record.id}/${field}`;
}
