/** @module One request of A2A's HTTP+JSON binding, whoever has taken it from the wire. */
import type { JsonText } from '@forge/protocol';

/** What came. */
export interface RestRequest {
  /** `GET`, `POST`, `DELETE`. */
  readonly method: string;
  /** Below the agent's URL, without a slash in front, decoded: `message:send`. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** `undefined` where there is none. */
  readonly body: JsonText | undefined;
}
