/** @module A single endpoint in the words of ContextForge's `POST /tools`. */
import type { ClientCredentials } from '@forge/outgoing';
import type { JsonObject } from '../config/operation.ts';

/** Milliseconds that a call may take where nothing is said, as in ContextForge. */
export const DEFAULT_TIMEOUT_MS = 20_000;

/** What is said about a tool. Absent stays, or is the default. */
export interface SingleToolFields {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** `https://api.example.com/users/{id}?version=2`: names in braces are arguments. */
  readonly url?: string | undefined;
  /** Counts more than the beginning of `url`. */
  readonly baseUrl?: string | undefined;
  /** Counts more than the path of `url`. */
  readonly pathTemplate?: string | undefined;
  /** The method. @default 'POST' */
  readonly requestType?: string | undefined;
  readonly inputSchema?: JsonObject | undefined;
  readonly outputSchema?: JsonObject | undefined;
  readonly annotations?: JsonObject | undefined;
  /** Sent with every call; `Content-Type` says how the body is made. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** jq, or JSONPath where it begins with `$`. */
  readonly jsonpathFilter?: string | undefined;
  /** Names in the query by argument. A GET sends no others then. */
  readonly queryMapping?: Readonly<Record<string, string>> | undefined;
  /** Names of headers by argument. */
  readonly headerMapping?: Readonly<Record<string, string>> | undefined;
  /** 20000, as of a tool that does not say, is no more than what every call may take. @default 20000 */
  readonly timeoutMs?: number | undefined;
  readonly allowlist?: readonly string[] | undefined;
  readonly exposePassthrough?: boolean | undefined;
}

/** How the gateway proves itself to the endpoint. */
export type SingleToolAuth =
  | { readonly type: 'headers'; readonly headers: readonly { readonly name: string; readonly value: string }[] }
  | { readonly type: 'query'; readonly name: string; readonly value: string }
  | (ClientCredentials & { readonly type: 'oauth'; readonly clientSecret: string });
