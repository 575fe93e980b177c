/** @module Whether something is to be enabled or disabled. */
import type { z } from 'zod';
import type { StateBody, StateQuery } from '../contract/common.ts';
import type { ApiRequest } from '../http/serve.ts';

/** A request to enable or disable something. */
export type StateRequest = ApiRequest<z.output<typeof StateQuery>, z.output<typeof StateBody>>;

/** What it says: in the body, else in the query, else that it is to be enabled. */
export function isActivating({ query, body }: Pick<StateRequest, 'query' | 'body'>): boolean {
  return body.activate ?? query.activate ?? true;
}
