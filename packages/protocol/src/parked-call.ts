/**
 * @module One call whose upstream asks by request while its client can only be asked by results (2026-07-28, Multi
 * Round-Trip Requests). What asks goes on waiting, the client's request is answered by `input_required`, and the client's
 * next request for the same call brings the answers and waits for what comes of them.
 */
import { missingToAsk } from './capabilities.ts';
import { type ClientExchange, refused } from './client-exchange.ts';
import { ForgeError } from './errors.ts';
import type { Answer, Ask, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { MAX_ASKS, unref } from './legacy-asks.ts';
import { answerModern } from './modern-answer.ts';
import { errorOutcome } from './outcome.ts';

/** How long further questions are waited for once there is one, in ms: those sent together are put together. */
export const GATHER_MS = 20;

/** Characters of an outcome that is kept for a client who is not there to take it. */
const MAX_KEPT_CHARS = 1_048_576;

const CANCELLED: Answer = { result: new JsonText('{"action":"cancel"}') };

/** What a parked call needs of whoever keeps it. */
export interface ParkedCallInit {
  /** Makes the `requestState` of one round. */
  readonly seal: () => Promise<string>;
  /** How long the client may take over one round, in ms. */
  readonly ttlMs: number;
  /** Called once, when nothing of the call is left. */
  readonly onGone: () => void;
  /** A request of the client has its answer, though the call goes on. */
  readonly onAnswered?: ((exchange: ClientExchange) => void) | undefined;
}

interface Question {
  readonly ask: Ask;
  readonly resolve: (answer: Answer) => void;
}

/** What the client has been asked, and has not answered. */
interface Round {
  readonly state: string;
  readonly keys: readonly string[];
  readonly outcome: Outcome;
}

/** One parked call; the first question makes it. */
export class ParkedCall {
  readonly #init: ParkedCallInit;
  /** What the upstream holds on to. */
  readonly #first: ClientExchange;
  /** The request that waits for an outcome; none while the client has the word. */
  #carrier: ClientExchange | undefined;
  readonly #questions = new Map<string, Question>();
  #asked = 0;
  #round: Round | undefined;
  /** How the call ended, if it did while the client had the word. */
  #outcome: Outcome | undefined;
  #gathering: ReturnType<typeof setTimeout> | undefined;
  #expiry: ReturnType<typeof setTimeout> | undefined;
  #release: (() => void) | undefined;
  #gone = false;

  constructor(first: ClientExchange, init: ParkedCallInit) {
    this.#first = first;
    this.#carrier = first;
    this.#init = init;
  }

  /** The state that the client must come back with; none while it does not have the word. */
  get state(): string | undefined {
    return this.#round?.state;
  }

  /**
   * A question of the upstream. Never rejects.
   *
   * @throws ForgeError `parse_error` when the question is no JSON: what asks is part of an answer that must be.
   */
  ask({ method, params }: Ask): Promise<Answer> {
    if (this.#gone) return Promise.resolve(refused('The call has ended'));
    if (this.#questions.size >= MAX_ASKS) return Promise.resolve(refused('The client has too many questions open'));
    const ask = { method, params: params && withoutLegacyParts(params) };
    return new Promise((resolve) => {
      this.#questions.set(`in_${this.#asked}`, { ask, resolve });
      this.#asked += 1;
      this.#gather();
    });
  }

  /** A notification: for the request that waits, and for nobody while none does. */
  note(method: string, params: JsonText | undefined): void {
    if (this.#carrier !== this.#first) this.#carrier?.note(method, params);
  }

  /**
   * The client came back with the state of this round: `exchange` carries the call on if it brings every answer, and is
   * answered by the same questions again if not. Resolves when the request has its answer.
   *
   * @throws ForgeError `invalid_params` when the answers have no known form; the client may try again.
   */
  resume(exchange: ClientExchange): Promise<void> | void {
    const round = this.#round;
    if (round === undefined) throw new ForgeError('internal', 'The client does not have the word');
    if (this.#outcome !== undefined) {
      answerModern(exchange, this.#outcome);
      return this.#go();
    }
    const answers = readAnswers(exchange.request.params, round.keys);
    if (answers === undefined) return answerModern(exchange, round.outcome);
    clearTimeout(this.#expiry);
    this.#round = undefined;
    this.#carrier = exchange;
    const released = new Promise<void>((resolve) => (this.#release = resolve));
    exchange.onCancel((reason) => this.#first.cancelCall(reason));
    for (const [key, result] of answers) this.#settle(key, { result });
    if (this.#questions.size > 0) this.#gather();
    return released;
  }

  /** The upstream's outcome. */
  end(outcome: Outcome): void {
    if (this.#gone) return;
    this.#settleAll();
    if (this.#carrier === undefined) {
      const isLong = (outcome.result?.text.length ?? 0) > MAX_KEPT_CHARS;
      this.#outcome = isLong ? errorOutcome(new ForgeError('upstream_error', 'The late result is too long')) : outcome;
      return;
    }
    answerModern(this.#carrier, outcome);
    this.#go();
  }

  /** Gives the call up, for a reason that the upstream is told. A request that waits gets it as its answer. */
  abandon(error: ForgeError): void {
    if (this.#gone) return;
    const carrier = this.#carrier;
    this.#settleAll();
    this.#go();
    carrier?.fail(error);
    this.#first.cancelCall(error.message);
  }

  #gather(): void {
    if (this.#carrier === undefined || this.#gathering !== undefined) return;
    this.#gathering = setTimeout(() => {
      this.#put().catch((thrown: unknown) => this.abandon(ForgeError.from(thrown)));
    }, GATHER_MS);
  }

  /** Answers the request that waits with every question that is open. */
  async #put(): Promise<void> {
    this.#gathering = undefined;
    const carrier = this.#carrier;
    if (carrier === undefined) return;
    const missing = this.#missing(carrier);
    if (missing !== undefined) return this.abandon(missing);
    const state = await this.#init.seal();
    if (this.#gone || this.#carrier !== carrier) return;
    const outcome = inputRequired(this.#questions, state);
    this.#round = { state, keys: [...this.#questions.keys()], outcome };
    this.#carrier = undefined;
    this.#expiry = setTimeout(() => this.#expire(), this.#init.ttlMs);
    unref(this.#expiry);
    answerModern(carrier, outcome);
    this.#init.onAnswered?.(carrier);
    this.#release?.();
    this.#release = undefined;
  }

  /** What the client cannot be asked although it is open (2026-07-28, basic/index, `_meta`). */
  #missing({ request }: ClientExchange): ForgeError | undefined {
    const required: Record<string, Record<string, object>> = {};
    for (const { ask } of this.#questions.values()) {
      const missing = missingToAsk(request.client.capabilities, ask);
      for (const [name, modes] of Object.entries(missing ?? {})) required[name] = { ...required[name], ...modes };
    }
    const names = Object.keys(required);
    if (names.length === 0) return undefined;
    return new ForgeError('missing_client_capability', `The server needs of its client: ${names.join(', ')}`, {
      data: { requiredCapabilities: required },
    });
  }

  #expire(): void {
    this.abandon(new ForgeError('cancelled', 'The client did not come back with an answer'));
  }

  /** Whoever still waits for an answer gets none. */
  #settleAll(): void {
    for (const [key, { ask }] of this.#questions) {
      this.#settle(key, ask.method === 'elicitation/create' ? CANCELLED : refused('The client did not answer'));
    }
  }

  #settle(key: string, answer: Answer): void {
    this.#questions.get(key)?.resolve(answer);
    this.#questions.delete(key);
  }

  #go(): void {
    this.#gone = true;
    clearTimeout(this.#gathering);
    clearTimeout(this.#expiry);
    this.#carrier = undefined;
    this.#release?.();
    this.#init.onGone();
  }
}

function inputRequired(questions: ReadonlyMap<string, Question>, state: string): Outcome {
  const requests = [...questions].map(([key, { ask }]) => {
    const params = ask.params === undefined ? '' : `,"params":${ask.params.text}`;
    return `"${key}":{"method":"${ask.method}"${params}}`;
  });
  const text = `{"resultType":"input_required","inputRequests":{${requests.join(',')}},"requestState":"${state}"}`;
  return { era: 'modern', result: new JsonText(text) };
}

/** The answer to each key; `undefined` when one is missing. What nobody asked for is ignored. */
function readAnswers(params: JsonText | undefined, keys: readonly string[]): Map<string, JsonText> | undefined {
  const responses = params?.member('inputResponses');
  if (responses === undefined) return undefined;
  if (!responses.isObject) throw new ForgeError('invalid_params', 'params.inputResponses must be an object');
  const answers = new Map<string, JsonText>();
  for (const key of keys) {
    const answer = responses.member(key);
    if (answer === undefined) return undefined;
    if (!answer.isObject) throw new ForgeError('invalid_params', `params.inputResponses.${key} must be an object`);
    answers.set(key, answer);
  }
  return answers;
}

/** What only a legacy client could make use of: the id of a completion that is never told, and our token for progress. */
function withoutLegacyParts(params: JsonText): JsonText {
  void params.value; // read to the last character, once
  const meta = params.member('_meta');
  const hasToken = meta?.has('progressToken') === true;
  if (!hasToken && !params.has('elicitationId')) return params;
  const kept = meta?.with({ progressToken: undefined }).text;
  return params.with({
    elicitationId: undefined,
    ...(hasToken && { _meta: kept === '{}' ? undefined : kept }),
  });
}
