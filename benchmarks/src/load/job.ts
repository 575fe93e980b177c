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

/** A server that listens. */
export interface Listening extends Endpoint {
  /** The process under test, for its CPU time and memory. */
  readonly pid: number;
}

/** A program that speaks MCP over its stdin and stdout. Every job launches it anew. */
export interface Program {
  readonly era: Era;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** How what is under test is reached. */
export type Reach = Listening | Program;

/** What is asked of it, and for how long. */
export interface Demand {
  readonly calls: readonly Call[];
  /** Requests in flight: one on each of as many keep-alive connections, or all on the one stdin. */
  readonly connections: number;
  readonly warmupMs: number;
  readonly durationMs: number;
  /** Bytes that every answer has at least; less means that it is not what was asked for. */
  readonly minBytes: number;
}

/** One measurement. */
export type Job = Reach & Demand;

/** How a job ended. */
export type JobResult = { readonly metrics: Metrics } | { readonly failed: string };
