/** @module One call of a REST tool: its attempts, within one deadline. */
import type { Outgoing, OutgoingAnswer, OutgoingCall } from '@forge/outgoing';
import { ForgeError, type Timed } from '@forge/protocol';
import type { PreparedRequest } from '../request/prepare.ts';
import type { Breaker } from './breaker.ts';
import type { Credentials, SentRequest } from './credentials.ts';
import { mayPass, pauseBefore, readRetryAfter, saysLater } from './retry.ts';

/** How a call is made. */
export interface CallPlan {
  readonly outgoing: Outgoing;
  readonly breaker: Breaker;
  readonly credentials: Credentials;
  /** Whether it may be sent again when it may have been carried out. */
  readonly isRepeatable: boolean;
  readonly maxRetries: number;
  /** Bytes of an answer that are read. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** Whether a redirect may lead there. */
  allows(url: URL): boolean;
  /** The breaker opened. */
  onOpened(why: string): void;
}

/** An answer, and how it came about. */
export interface Answered {
  readonly answer: OutgoingAnswer;
  readonly attempts: number;
  readonly retryAfterMs: number | undefined;
}

/** A call under way. Its user enlists it for its deadline. */
export class RestCall implements Timed {
  slot = -1;
  deadline = 0;
  readonly #plan: CallPlan;
  readonly #endsAt: number;
  #attempts = 0;
  #sent: OutgoingCall | undefined;
  #request: SentRequest | undefined;
  #ended: ForgeError | undefined;
  #stopWaiting: (() => void) | undefined;
  #hasRenewed = false;

  constructor(plan: CallPlan) {
    this.#plan = plan;
    this.#endsAt = performance.now() + plan.timeoutMs;
  }

  /** Times that it was sent. */
  get attempts(): number {
    return this.#attempts;
  }

  /** Ends it with this error, whatever it is doing. */
  end(error: ForgeError): void {
    if (this.#ended !== undefined) return;
    this.#ended = error;
    this.#sent?.cancel(error);
    this.#stopWaiting?.();
  }

  /** @throws ForgeError when there is no answer */
  async run(request: PreparedRequest, authorization: string | undefined): Promise<Answered> {
    for (;;) {
      const got = await this.#attempt(request, authorization);
      if (!(got instanceof ForgeError) && this.#isRefused(got, authorization)) continue; // with a new credential, at once
      const retryAfterMs = got instanceof ForgeError ? undefined : readRetryAfter(got.headers['retry-after']);
      const pause = this.#pauseAfter(got, retryAfterMs);
      if (pause !== undefined) await this.#wait(pause);
      else if (got instanceof ForgeError) throw got;
      else return { answer: got, attempts: this.#attempts, retryAfterMs };
    }
  }

  /** Milliseconds until the next attempt; `undefined` where there is none. */
  #pauseAfter(got: OutgoingAnswer | ForgeError, retryAfterMs: number | undefined): number | undefined {
    const { isRepeatable, maxRetries, breaker } = this.#plan;
    const mayHelp =
      got instanceof ForgeError
        ? this.#ended === undefined && mayPass(got, isRepeatable)
        : isRepeatable && saysLater(got.status);
    if (!mayHelp || this.#attempts > maxRetries || breaker.refusal !== undefined) return undefined;
    const pause = pauseBefore(this.#attempts, retryAfterMs);
    return performance.now() + pause < this.#endsAt ? pause : undefined;
  }

  /** A request that was refused for its credential was not carried out. */
  #isRefused({ status }: OutgoingAnswer, authorization: string | undefined): boolean {
    if (status !== 401 || this.#hasRenewed || authorization !== undefined || !this.#request) return false;
    this.#hasRenewed = true;
    return this.#plan.credentials.renew(this.#request);
  }

  async #attempt(request: PreparedRequest, authorization: string | undefined): Promise<OutgoingAnswer | ForgeError> {
    const { breaker, credentials } = this.#plan;
    breaker.enter();
    try {
      const applied = credentials.apply(request, authorization);
      const sent = applied instanceof Promise ? await this.#unlessEnded(applied) : applied;
      if (this.#ended !== undefined) throw this.#ended;
      this.#attempts += 1;
      this.#request = sent;
      const answer = await this.#send(request, sent);
      if (answer.status === 502 || answer.status === 503 || answer.status === 504)
        this.#failed(`HTTP ${answer.status}`);
      else breaker.succeeded();
      return answer;
    } catch (thrown) {
      const error = ForgeError.from(thrown);
      if (FAILURES.has(error.code)) this.#failed(error.message);
      else breaker.gaveUp();
      return error;
    }
  }

  #send({ method, content }: PreparedRequest, { url, headers }: SentRequest): Promise<OutgoingAnswer> {
    const { outgoing, maxBytes, allows } = this.#plan;
    this.#sent = outgoing.send({ method, url, headers, body: content?.body, maxBytes, allows });
    return this.#sent.answer;
  }

  /** A token is waited for by many; who ends leaves it to the others. */
  async #unlessEnded<T>(promise: Promise<T>): Promise<T> {
    const ended = new Promise<never>((_, reject) => {
      this.#stopWaiting = () => reject(this.#ended);
    });
    try {
      return await Promise.race([promise, ended]);
    } finally {
      this.#stopWaiting = undefined;
    }
  }

  #failed(why: string): void {
    if (this.#plan.breaker.failed(why)) this.#plan.onOpened(why);
  }

  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#stopWaiting = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#stopWaiting = undefined;
    if (this.#ended !== undefined) throw this.#ended;
  }
}

/** What says something about the upstream. */
const FAILURES: ReadonlySet<string> = new Set(['upstream_unreachable', 'upstream_timeout', 'outcome_unknown']);
