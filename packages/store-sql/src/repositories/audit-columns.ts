/**
 * @module A batch of audit entries as one JSON text, column by column. Who called what is the same for most entries of a
 * batch, so it stands there once; the rest are small numbers, which cost little to write and less to keep.
 */
import { type AuditEntry, type AuditRecord, auditRecordId } from '@forge/core';
import type { AuditBatchRow } from '../schema.ts';

/** Outcomes by the number that is stored. Append only. */
const OUTCOMES = [
  'ok',
  'tool_error',
  'error',
  'denied',
  'cancelled',
] as const satisfies readonly AuditEntry['outcome'][];

/** Principal, method, target, server and upstream of calls. Append only. */
type Subject = readonly [string, string, string | null, string | null, string | null];

/** `audit_batches.records`. The columns but `subjects` have a value for each entry, in their order. */
interface Columns {
  readonly subjects: readonly Subject[];
  /** Which of them. */
  readonly subject: readonly number[];
  /** Milliseconds since the batch's `first_at`. */
  readonly after: readonly number[];
  /** Which of {@link OUTCOMES}. */
  readonly outcome: readonly number[];
  /** Of errors. */
  readonly code: readonly (number | null)[];
  /** Duration in microseconds. */
  readonly us: readonly number[];
}

/** Entries as text; `firstAt` is the earliest of their times. */
export function encodeEntries(entries: readonly AuditEntry[], firstAt: number): string {
  const subjects = new Subjects();
  const columns: Columns = {
    subject: entries.map((entry) => subjects.numberOf(entry)),
    subjects: subjects.all,
    after: entries.map(({ at }) => at - firstAt),
    outcome: entries.map(({ outcome }) => OUTCOMES.indexOf(outcome)),
    code: entries.map(({ errorCode }) => errorCode ?? null),
    us: entries.map(({ durationMs }) => Math.round(durationMs * 1000)),
  };
  return JSON.stringify(columns);
}

/** The records of a batch. */
export function decodeRecords({ id, first_at, records }: AuditBatchRow): AuditRecord[] {
  const columns = JSON.parse(records) as Columns | unknown[][];
  if (Array.isArray(columns)) return columns.map(decodeValues);
  const { subjects, subject, after, outcome, code, us } = columns;
  return subject.map((which, at) => {
    const [principal = '', method = '', target, serverId, upstreamId] = subjects[which] ?? [];
    const known = { target, serverId, upstreamId, errorCode: code[at] };
    return {
      id: auditRecordId(id, at),
      at: first_at + (after[at] ?? 0),
      principal,
      method,
      ...Object.fromEntries(Object.entries(known).filter(([, value]) => value !== null && value !== undefined)),
      outcome: OUTCOMES[outcome[at] ?? 0] ?? 'ok',
      durationMs: (us[at] ?? 0) / 1000,
    };
  });
}

/** Numbers for what is the same. */
class Subjects {
  readonly all: Subject[] = [];
  readonly #numbers = new Map<string, number>();
  #last: AuditEntry | undefined;
  #number = -1;

  numberOf(entry: AuditEntry): number {
    // One client calls one tool again and again, so this is nearly always the answer.
    if (this.#last === undefined || !isAlike(this.#last, entry)) this.#number = this.#lookUp(entry);
    this.#last = entry;
    return this.#number;
  }

  #lookUp({ principal, method, target, serverId, upstreamId }: AuditEntry): number {
    const subject: Subject = [principal, method, target ?? null, serverId ?? null, upstreamId ?? null];
    const key = JSON.stringify(subject);
    let number = this.#numbers.get(key);
    if (number === undefined) {
      number = this.all.push(subject) - 1;
      this.#numbers.set(key, number);
    }
    return number;
  }
}

function isAlike(a: AuditEntry, b: AuditEntry): boolean {
  return (
    a.target === b.target &&
    a.principal === b.principal &&
    a.method === b.method &&
    a.serverId === b.serverId &&
    a.upstreamId === b.upstreamId
  );
}

/** How records were kept at first: an array of values for each, its id among them. */
const FIELDS = [
  'id',
  'at',
  'principal',
  'method',
  'target',
  'serverId',
  'upstreamId',
  'outcome',
  'errorCode',
  'durationMs',
] as const satisfies readonly (keyof AuditRecord)[];

function decodeValues(values: readonly unknown[]): AuditRecord {
  const known = FIELDS.map((field, at) => [field, values[at]] as const).filter(([, value]) => value !== null);
  return Object.fromEntries(known) as unknown as AuditRecord;
}
