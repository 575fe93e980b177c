/** @module What the runner and the load generator say to each other. */
import type { Era, Metrics } from '../cells.ts';

/** One kind of request; a job with several sends them in turn. */
export interface Call {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Where requests go and how they are dressed. */
export interface Endpoint {
  readonly url: string;
  readonly era: Era;
  /** On top of those that MCP asks for. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One measurement: `connections` keep-alive connections, each with one request in flight, for a fixed time. */
export interface Job extends Endpoint {
  readonly calls: readonly Call[];
  readonly connections: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Bytes that every answer has at least; less means that it is not what was asked for. */
  readonly minBytes: number;
  /** The process under test, for its CPU time and memory. */
  readonly pid: number;
}

/** How a job ended. */
export type JobResult = { readonly metrics: Metrics } | { readonly failed: string };
