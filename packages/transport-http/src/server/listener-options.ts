/** @module What the listeners of both HTTP transports have in common. */
import type { IncomingMessage } from 'node:http';
import type { AdmissionOptions } from '@forge/protocol';
import type { OriginRules } from './origin.ts';
import type { StreamOptions } from './streams.ts';

/** Options of every listener. */
export interface ListenerOptions extends AdmissionOptions<IncomingMessage>, OriginRules, StreamOptions {
  /** Bytes of one body at most. @default 16777216 */
  readonly maxBodyBytes?: number | undefined;
  /** `WWW-Authenticate` of a 401. @default 'Bearer' */
  readonly challenge?: string | undefined;
  /** How long `close` waits for calls in flight, in ms. @default 10000 */
  readonly closeGraceMs?: number | undefined;
}

/** The default of `closeGraceMs`. */
export const CLOSE_GRACE_MS = 10_000;

/** The default of `maxBodyBytes`. */
export const MAX_BODY_BYTES = 16 * 1024 * 1024;
