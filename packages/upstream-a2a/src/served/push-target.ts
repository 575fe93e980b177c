/** @module Tells one URL what happens to a task: in order, one event at a time, again where that may help. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamResponse, TaskPushNotificationConfig } from '@a2a-js/sdk';
import { V03PushNotificationSerializer } from '@a2a-js/sdk/compat/v0_3/server';
import { type PushNotificationSerializer, V1PushNotificationSerializer } from '@a2a-js/sdk/server';
import { createOutgoing, type Outgoing, type OutgoingRequest } from '@forge/outgoing';
import { ForgeError } from '@forge/protocol';
import { isOnTheWay } from './served-task.ts';
import type { Slots } from './slots.ts';

/** What became of one event. */
export interface PushOutcome {
  /** `dropped`: more events came than the receiver took. */
  readonly outcome: 'delivered' | 'failed' | 'dropped';
  /** Where it was to go: no path, no query, for these may be secret. */
  readonly receiver: string;
  readonly taskId: string;
  /** Why it failed, without secrets: at the last of so many attempts. */
  readonly reason?: string | undefined;
  readonly attempts?: number | undefined;
}

/** What targets share. */
export interface PushParts {
  /** Hears of each event that is done with, unless its config was deleted or the process ends. */
  readonly onOutcome: ((outcome: PushOutcome) => void) | undefined;
  /** Whether a host, as a name or as an address that one leads to, must not be called. */
  refuses(host: string): boolean;
  readonly slots: Slots;
  /** How long a receiver has, in ms. */
  readonly timeoutMs: number;
  /** Before the second attempt, in ms; four times as long before each further one. */
  readonly retryMs: number;
  /** Ends everything. */
  readonly signal: AbortSignal;
}

const ATTEMPTS = 4;
/** Events that wait; the oldest is dropped for one more. */
const MAX_PENDING = 32;
/** Of an answer nothing counts but its status. */
const MAX_BYTES = 16_384;

const SERIALIZERS: Readonly<Record<string, PushNotificationSerializer>> = {
  '1.0': new V1PushNotificationSerializer(),
  '0.3': new V03PushNotificationSerializer(),
};

/** One config of one task. */
export class PushTarget {
  readonly config: TaskPushNotificationConfig;
  /** Of A2A, whose events are sent. */
  readonly version: string;
  readonly #owner: string;
  readonly #parts: PushParts;
  readonly #stopped = new AbortController();
  #pending: StreamResponse[] = [];
  #outgoing: Outgoing | undefined;
  #isRunning = false;

  /** @param config see `checkPushConfig` @param version of A2A, whose events are sent */
  constructor(config: TaskPushNotificationConfig, version: string, owner: string, parts: PushParts) {
    this.config = config;
    this.version = version;
    this.#owner = owner;
    this.#parts = parts;
  }

  /** Sends it when those before it are through. Of several words on the way, the last ones are enough. */
  tell(event: StreamResponse): void {
    if (this.#stopped.signal.aborted || this.#parts.signal.aborted) return;
    const last = this.#pending.at(-1);
    if (last !== undefined && isOnTheWay(last) && isOnTheWay(event)) this.#pending.pop();
    this.#pending.push(event);
    if (this.#pending.length > MAX_PENDING) {
      this.#pending.shift();
      this.#report({ outcome: 'dropped' });
    }
    if (!this.#isRunning) void this.#run();
  }

  /** Drops what was not sent. */
  stop(): void {
    this.#pending = [];
    this.#stopped.abort();
    void this.#outgoing?.close();
  }

  /** Never rejects. The connection goes when there is nothing to say. */
  async #run(): Promise<void> {
    const { refuses, signal } = this.#parts;
    const outgoing = createOutgoing({ origin: new URL(this.config.url).origin, refuses, connections: 1 });
    const stop = (): void => this.stop();
    signal.addEventListener('abort', stop);
    [this.#isRunning, this.#outgoing] = [true, outgoing];
    for (let event = this.#pending.shift(); event !== undefined; event = this.#pending.shift()) {
      await this.#deliver(event, outgoing);
    }
    this.#isRunning = false;
    signal.removeEventListener('abort', stop);
    await outgoing.close();
  }

  async #deliver(event: StreamResponse, outgoing: Outgoing): Promise<void> {
    const { slots, retryMs } = this.#parts;
    for (let attempts = 1; ; attempts += 1) {
      const failure = await slots.run(this.#owner, () => this.#post(event, outgoing));
      if (this.#stopped.signal.aborted) return;
      if (failure === undefined) return this.#report({ outcome: 'delivered' });
      const { reason, mayPass } = failure;
      if (!mayPass || attempts === ATTEMPTS) return this.#report({ outcome: 'failed', reason, attempts });
      const pause = retryMs * 4 ** (attempts - 1);
      await sleep(pause, undefined, { ref: false, signal: this.#stopped.signal }).catch(ignore);
    }
  }

  /** Why it was not taken, and whether it may be the next time; `undefined` when it was, or nobody wants to know any more. */
  async #post(event: StreamResponse, outgoing: Outgoing): Promise<PushFailure | undefined> {
    if (this.#stopped.signal.aborted) return undefined;
    let timer: NodeJS.Timeout | undefined;
    try {
      const call = outgoing.send(this.#requestOf(event));
      timer = setTimeout(() => call.cancel(new ForgeError('upstream_timeout')), this.#parts.timeoutMs);
      const { status } = await call.answer;
      if (status >= 200 && status < 300) return undefined;
      return { reason: `HTTP ${status}`, mayPass: status === 429 || status >= 500 };
    } catch (error) {
      const { code, message } = ForgeError.from(error);
      return { reason: code === 'internal' ? code : message, mayPass: AGAIN.has(code) };
    } finally {
      clearTimeout(timer);
    }
  }

  #report(outcome: Pick<PushOutcome, 'outcome' | 'reason' | 'attempts'>): void {
    const { taskId, url } = this.config;
    this.#parts.onOutcome?.({ ...outcome, taskId, receiver: new URL(url).origin });
  }

  #requestOf(event: StreamResponse): OutgoingRequest {
    const { url, token, authentication } = this.config;
    const serializer = SERIALIZERS[this.version] ?? new V1PushNotificationSerializer();
    const { body, contentType } = serializer.serialize(event);
    const headers = {
      'content-type': contentType,
      ...(token !== '' && { 'x-a2a-notification-token': token }),
      ...(authentication?.credentials && {
        authorization: `${authentication.scheme} ${authentication.credentials}`,
      }),
    };
    return { method: 'POST', url: new URL(url), headers, body, maxBytes: MAX_BYTES, maxRedirects: 0 };
  }
}

interface PushFailure {
  readonly reason: string;
  readonly mayPass: boolean;
}

/** What may pass. A receiver may get an event twice: who is told something twice knows no less. */
const AGAIN: ReadonlySet<string> = new Set(['upstream_unreachable', 'upstream_timeout', 'outcome_unknown']);

function ignore(): void {} // it was stopped
