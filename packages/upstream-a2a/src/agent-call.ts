/** @module One call in flight: what ends it early, and whom it tells and asks. */
import {
  type Answer,
  type Ask,
  type Deadlines,
  type Exchange,
  type ExchangeRequest,
  type ForgeError,
  JsonText,
  refusalToAsk,
  type Timed,
} from '@forge/protocol';

/** Characters of a progress message. */
const MAX_MESSAGE = 2000;

/** One call. It is watched over by its deadlines until they are told to stop. */
export class AgentCall implements Timed {
  slot = -1;
  deadline = 0;
  readonly request: ExchangeRequest;
  readonly #exchange: Exchange;
  readonly #deadlines: Deadlines<AgentCall>;
  readonly #abort = new AbortController();
  #progress = 0;

  constructor(request: ExchangeRequest, exchange: Exchange, deadlines: Deadlines<AgentCall>) {
    this.request = request;
    this.#exchange = exchange;
    this.#deadlines = deadlines;
  }

  /** Aborted, with a ForgeError, when the client cancels, when time is up and when the upstream is closed. */
  get signal(): AbortSignal {
    return this.#abort.signal;
  }

  /** Ends it early. */
  stop(error: ForgeError): void {
    this.#abort.abort(error);
  }

  /** Whether the client wants to hear of progress. */
  get wantsProgress(): boolean {
    return this.request.progressToken !== undefined;
  }

  /** The agent is at work: that gives it the whole time again. */
  progress(message: string): void {
    if (this.signal.aborted) return;
    this.#deadlines.start(this);
    if (!this.wantsProgress) return;
    this.#progress += 1;
    const text = message.slice(0, MAX_MESSAGE);
    const params = { progress: this.#progress, ...(text !== '' && { message: text }) };
    this.#exchange.note('notifications/progress', JsonText.of(params));
  }

  /** Whether the client can be asked this. */
  canAsk(ask: Ask): boolean {
    return refusalToAsk(this.request.client.capabilities, ask) === undefined;
  }

  /** Asks the client; its time does not count. @throws what the call was stopped with */
  async ask(ask: Ask): Promise<Answer> {
    this.#deadlines.pause(this);
    const answer = await this.#exchange.ask(ask);
    this.signal.throwIfAborted();
    this.#deadlines.start(this);
    return answer;
  }
}
