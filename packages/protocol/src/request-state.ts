/**
 * @module The `requestState` that Forge itself hands out (2026-07-28, Multi Round-Trip Requests, Server Requirements):
 * sealed, it says for whom and for what it is good.
 */
import { Seal } from './seal.ts';

/** What a state stands for. All of it is checked when it comes back. */
export interface RequestState {
  /** The call that waits. */
  readonly call: string;
  /** Where it waits. */
  readonly node: string;
  /** The caller it belongs to. */
  readonly caller: string;
  /** The endpoint that it was made at. */
  readonly endpoint: string;
  /** Of what is called; see `digestOf`. */
  readonly digest: string;
  /** Milliseconds since 1970. */
  readonly expires: number;
}

/** How every state of ours begins. A state without it is an upstream's, and none of our business. */
export const STATE_PREFIX = 'forge-call.';

/** The one answer to every state that is not good: which of its checks failed is nobody's business. */
export const INVALID_STATE = 'invalid or expired requestState: start the call again';

/** Seals and opens states. */
export class RequestStates {
  readonly #seal: Seal;

  /** @param key see {@link Seal} */
  constructor(key?: Uint8Array) {
    this.#seal = new Seal(STATE_PREFIX, key);
  }

  /** The state as text. */
  seal({ call, node, caller, endpoint, digest, expires }: RequestState): Promise<string> {
    return this.#seal.seal(JSON.stringify([call, node, caller, endpoint, digest, expires]));
  }

  /** What was sealed; `undefined` for text that this object, or one with its key, did not make. */
  async unseal(text: string): Promise<RequestState | undefined> {
    const plain = await this.#seal.unseal(text);
    if (plain === undefined) return undefined;
    type Sealed = [call: string, node: string, caller: string, endpoint: string, digest: string, expires: number];
    const [call, node, caller, endpoint, digest, expires] = JSON.parse(plain) as Sealed;
    return { call, node, caller, endpoint, digest, expires };
  }
}
