/** @module What an agent says against a call: the call was made, so this is its result, not an error of the protocol. */
import { ForgeError } from '@forge/protocol';

/** Characters of what an agent said that are passed on. */
const MAX_MESSAGE = 2000;

/** A failure that callers see as a result with `isError: true`. */
export class AgentFailure extends Error {
  /** Of HTTP, where it was one. */
  readonly status: number | undefined;

  constructor(message: string, status?: number) {
    super(message.length > MAX_MESSAGE ? `${message.slice(0, MAX_MESSAGE)}…` : message);
    this.name = 'AgentFailure';
    this.status = status;
  }

  /** What it is while nobody has called anything: an upstream that cannot be used. */
  toForgeError(): ForgeError {
    return new ForgeError('upstream_error', this.message);
  }
}
