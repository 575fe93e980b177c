/** @module Forge as a client of its own: requests that nobody outside asked for. */
import { type Client, type Exchange, type ExchangeRequest, JsonText, LATEST_MODERN } from '@forge/protocol';

/** Forge itself; it declares no capabilities, so it is never asked anything. */
const SELF: Client = {
  era: 'modern',
  protocolVersion: LATEST_MODERN,
  caller: { id: 'forge' },
  capabilities: new JsonText('{}'),
};

/** An exchange that nobody watches. */
export const SILENT: Exchange = {
  note() {},
  ask: (ask) => Promise.resolve({ error: { code: -32601, message: `${ask.method} cannot be answered here` } }),
  cancelled: false,
  onCancel() {},
};

/** A request of Forge's own. */
export function internalRequest(method: string, params: Record<string, unknown> = {}): ExchangeRequest {
  return { method, params: JsonText.of(params), client: SELF };
}
