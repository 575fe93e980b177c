/** @module What is measured: cases, eras, payloads, and the row that each cell becomes. */

/** The two families of MCP revisions. */
export type Era = 'modern' | 'legacy';

/** Eras in the order of the table. */
export const ERAS: readonly Era[] = ['modern', 'legacy'];

/** Cases of ours in the order of the table. */
export const OWN_CASES = [
  'raw',
  'bare',
  'gateway',
  'gateway-policy',
  'list',
  'bare-bridge',
  'translate',
  'bare-wrapper',
  'wrapper',
  'grpc',
  'rest',
  'a2a',
  'list-openapi',
] as const;

/** Cases before what speaks no MCP, each with the same call made without anything in between. */
export const DIRECT = { grpc: 'direct-grpc', rest: 'direct-rest', a2a: 'direct-a2a' } as const;

/** A case before what speaks no MCP. */
export type Foreign = keyof typeof DIRECT;

/** These cases in the order of the table. */
export const FOREIGN = Object.keys(DIRECT) as readonly Foreign[];

/** A call without anything in between; `direct-undici` is an MCP call. */
export type DirectCase = 'direct-undici' | (typeof DIRECT)[Foreign];

/** Programs of others, each with the case of ours that does what it does. */
export const RIVALS = { supergateway: 'translate', 'mcp-proxy': 'translate', 'mcp-remote': 'wrapper' } as const;

/** A program of others. */
export type Peer = keyof typeof RIVALS;

/** The programs of others in the order of the table. */
export const PEERS = Object.keys(RIVALS) as readonly Peer[];

/** A case that can be chosen. */
export type OwnCase = (typeof OWN_CASES)[number];

/** What stands between client and result; the README says what each one is. */
export type Case = OwnCase | DirectCase | Peer;

/** All cases in the order of the table. */
export const CASES: readonly Case[] = [...OWN_CASES, 'direct-undici', ...Object.values(DIRECT), ...PEERS];

/** Whether `name` is somebody else's program. */
export function isPeer(name: Case): name is Peer {
  return name in RIVALS;
}

/** Whether `name` can be chosen; the direct calls come with those that they are made beside. */
export function isOwn(name: Case): name is OwnCase {
  return (OWN_CASES as readonly string[]).includes(name);
}

/** Bytes of a `tools/call` result, by the payload's name. */
export const RESULT_BYTES = { '1k': 1024, '16k': 16 * 1024, '1m': 1024 * 1024 } as const;

/** The size of a `tools/call` result. */
export type ResultSize = keyof typeof RESULT_BYTES;

/** Result sizes, ascending, so that memory of a large one does not count for a small one. */
export const RESULT_SIZES = Object.keys(RESULT_BYTES) as readonly ResultSize[];

/** The payload of the `list` case: `tools/list` of 1,000 tools. */
export const LIST = '1000-tools';

/** The payload of the `list-openapi` case: `tools/list` of 2,000 operations of an OpenAPI document. */
export const OPERATION_LIST = '2000-operations';

/** The cases that list, with what they list. */
export const LISTS = { list: LIST, 'list-openapi': OPERATION_LIST } as const;

/** What an answer carries. */
export type Payload = ResultSize | (typeof LISTS)[keyof typeof LISTS];

/** Whether `payload` is the result of a call, not a list. */
export function isResultSize(payload: Payload): payload is ResultSize {
  return payload in RESULT_BYTES;
}

/** Payloads in the order of the table. */
export const PAYLOADS: readonly Payload[] = [...RESULT_SIZES, LIST, OPERATION_LIST];

/** One place in the table. */
export interface Cell {
  readonly case: Case;
  readonly era: Era;
  readonly concurrency: number;
  readonly payload: Payload;
}

/** What is measured of a process under load. */
export interface Metrics {
  /** Requests per second. */
  readonly rps: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** CPU time of the process under test per request, in microseconds; absent where `/proc` is. */
  readonly cpuUs?: number | undefined;
  /** Resident memory of the process under test, in 2^20 bytes; absent where `/proc` is. */
  readonly rssMb?: number | undefined;
  /** From the launch of the process to its first answer, less what its own child takes for that. */
  readonly startMs?: number | undefined;
}

/** One measurement of a cell, with the baselines that were taken around it. */
export interface Result {
  readonly value: Metrics;
  /** Each metric divided by that of the raw responder; absent where it was not measured. */
  readonly toRaw?: Metrics | undefined;
  /** Each metric divided by that of the bare proxy, bridge or wrapper; absent where it was not measured. */
  readonly toBare?: Metrics | undefined;
  /** Whether the baselines before and after agree; an unsteady machine makes the ratios worthless. */
  readonly steady: boolean;
}

/** A cell and the median of its rounds. */
export interface Row extends Cell, Result {}
