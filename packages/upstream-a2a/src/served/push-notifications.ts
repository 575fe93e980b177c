/** @module Push notifications (A2A 1.0, 3.1.7 to 3.1.10): who wants to be told of which task. */
import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { RequestMalformedError, TaskNotFoundError } from '@a2a-js/sdk/errors';
import type { KeptPush } from './kept-body.ts';
import { checkPushConfig } from './push-config.ts';
import { type PushOutcome, PushTarget } from './push-target.ts';
import type { ServedTask } from './served-task.ts';
import { Slots } from './slots.ts';

/** Options of {@link PushNotifications}. */
export interface PushOptions {
  /** Whether a host, as a name or as an address that one leads to, must not be called. */
  refuses(host: string): boolean;
  /** Hears what becomes of each event. @default nobody */
  readonly onOutcome?: ((outcome: PushOutcome) => void) | undefined;
  /** How long a receiver has to answer, in ms. @default 10000 */
  readonly timeoutMs?: number | undefined;
  /** Before the second attempt of four, in ms; four times as long before each further one. @default 1000 */
  readonly retryMs?: number | undefined;
}

/** Configs of one task. */
const MAX_CONFIGS = 5;
/** Requests at one time, in all and of one owner. */
const MAX_SENDING = 64;
const MAX_SENDING_OF_OWNER = 4;

/** The configs of tasks, which go with their tasks. */
export class PushNotifications {
  readonly #options: PushOptions;
  readonly #slots = new Slots(MAX_SENDING, MAX_SENDING_OF_OWNER);
  readonly #targets = new WeakMap<ServedTask, Map<string, PushTarget>>();
  readonly #closed = new AbortController();

  constructor(options: PushOptions) {
    this.#options = options;
  }

  /** @throws RequestMalformedError naming the field */
  check(config: TaskPushNotificationConfig): void {
    checkPushConfig(config, 'task', this.#options.refuses);
  }

  /** Tells it what happens from now on; a config of this id gives way. @throws RequestMalformedError */
  set(task: ServedTask, config: TaskPushNotificationConfig, version: string): TaskPushNotificationConfig {
    const checked = checkPushConfig(config, task.id, this.#options.refuses);
    const targets = this.#of(task);
    if (!targets.has(checked.id) && targets.size >= MAX_CONFIGS) {
      throw new RequestMalformedError(`A task has at most ${MAX_CONFIGS} push notification configs`);
    }
    targets.get(checked.id)?.stop();
    targets.set(checked.id, this.#targetOf(task, checked, version));
    return told(checked);
  }

  /** What is to be kept of it. */
  kept(task: ServedTask): readonly KeptPush[] {
    return [...(this.#targets.get(task)?.values() ?? [])].map(({ config, version }) => ({ config, version }));
  }

  /** Goes on with what was kept. A URL that is refused by now is not called. */
  restore(task: ServedTask, pushes: readonly KeptPush[]): void {
    for (const { config, version } of pushes) {
      this.#of(task).set(config.id, this.#targetOf(task, config, version));
    }
  }

  /** @throws TaskNotFoundError */
  get(task: ServedTask, id: string): TaskPushNotificationConfig {
    const target = this.#targets.get(task)?.get(id || task.id);
    if (target === undefined) throw new TaskNotFoundError('The task has no such push notification config');
    return told(target.config);
  }

  list(task: ServedTask): TaskPushNotificationConfig[] {
    return [...(this.#targets.get(task)?.values() ?? [])].map(({ config }) => told(config));
  }

  /** What is not there is deleted already. */
  delete(task: ServedTask, id: string): void {
    const target = this.#targets.get(task)?.get(id || task.id);
    target?.stop();
    if (target !== undefined) this.#targets.get(task)?.delete(target.config.id);
  }

  /** The task is remembered no more. What is on its way goes on. */
  forget(task: ServedTask): void {
    this.#targets.delete(task);
  }

  /** Drops what was not sent. */
  close(): void {
    this.#closed.abort();
  }

  #targetOf(task: ServedTask, config: TaskPushNotificationConfig, version: string): PushTarget {
    const { refuses, onOutcome, timeoutMs = 10_000, retryMs = 1000 } = this.#options;
    const parts = { refuses, onOutcome, timeoutMs, retryMs, slots: this.#slots, signal: this.#closed.signal };
    return new PushTarget(config, version, task.caller, parts);
  }

  #of(task: ServedTask): Map<string, PushTarget> {
    const known = this.#targets.get(task);
    if (known !== undefined) return known;
    const targets = new Map<string, PushTarget>();
    this.#targets.set(task, targets);
    task.listen((event) => {
      for (const target of targets.values()) target.tell(event);
    });
    return targets;
  }
}

/** Credentials are not told to anybody, not even to who has set them. */
function told(config: TaskPushNotificationConfig): TaskPushNotificationConfig {
  const { authentication } = config;
  return { ...config, authentication: authentication && { ...authentication, credentials: '' } };
}
