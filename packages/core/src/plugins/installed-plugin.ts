/** @module A plugin with its settings filled in: asks its hooks within their time, and knows what a failure means. */
import { ForgeError } from '@forge/protocol';
import type {
  Plugin,
  PluginCondition,
  PluginEvent,
  PluginFailure,
  PluginHook,
  PluginMode,
  Verdict,
} from '../contracts/plugin.ts';
import { after } from '../upstreams/timer.ts';
import type { PluginView } from './plugin-set.ts';

/** One question to a plugin. */
export interface Question<T> {
  readonly hook: PluginHook;
  readonly tool: string;
  /** Runs the hook. */
  ask(plugin: Plugin): Verdict<T>;
  /** Gives up: what the hook waits for is of no use any more. */
  abort(): void;
}

const TIMEOUT_MS = 30_000;
const PRIORITY = 100;

/** A plugin of a Forge. */
export class InstalledPlugin {
  readonly name: string;
  readonly mode: PluginMode;
  readonly priority: number;
  readonly chainOnly: boolean;
  readonly conditions: readonly PluginCondition[];
  readonly hooks: readonly PluginHook[];
  readonly #plugin: Plugin;
  readonly #onError: PluginFailure;
  readonly #onEvent: (event: PluginEvent) => void;
  #broken: string | undefined;

  constructor(plugin: Plugin, onEvent: (event: PluginEvent) => void) {
    const { name, mode = 'enforce', priority = PRIORITY, chainOnly = false, conditions = [] } = plugin;
    this.name = name;
    this.mode = mode;
    this.priority = priority;
    this.chainOnly = chainOnly;
    this.conditions = conditions;
    this.hooks = [
      ...(plugin.beforeCall ? (['tool_pre_invoke'] as const) : []),
      ...(plugin.afterCall ? (['tool_post_invoke'] as const) : []),
    ];
    this.#plugin = plugin;
    this.#onError = plugin.onError ?? (mode === 'enforce' ? 'fail' : 'ignore');
    this.#onEvent = onEvent;
  }

  /** Whether a failure has disabled it. */
  get isBroken(): boolean {
    return this.#broken !== undefined;
  }

  /**
   * What the plugin decides, made usable by `read`; `undefined` where that is nothing, or where its failure means nothing.
   *
   * @throws ForgeError `plugin_failed` where it means an error
   */
  async decide<T extends object, R>(question: Question<T>, read: (verdict: T) => R): Promise<R | undefined> {
    try {
      const asked = question.ask(this.#plugin);
      const verdict: unknown = isThenable(asked) ? await this.#inTime(asked, question) : asked;
      if (verdict === undefined || verdict === null) return undefined;
      if (typeof verdict !== 'object') throw new TypeError(`it returned a ${typeof verdict}, not an object`);
      return read(verdict as T);
    } catch (cause) {
      return this.#failed(question, cause);
    }
  }

  /** Tells operators of something. */
  tell(event: Pick<PluginEvent, 'type' | 'hook' | 'tool' | 'message' | 'cause' | 'onError'>): void {
    this.#onEvent({ plugin: this.name, mode: this.mode, ...event });
  }

  view(): PluginView {
    const { kind = '', description = '', author = '', version = '', tags = [] } = this.#plugin.about ?? {};
    const { name, hooks, mode, priority, chainOnly } = this;
    const enabled = mode !== 'disabled' && !this.isBroken;
    const about = { name, kind, description, author, version, tags, hooks, mode, priority, chainOnly, enabled };
    return this.#broken === undefined ? about : { ...about, error: this.#broken };
  }

  async close(): Promise<void> {
    await this.#plugin.close?.();
  }

  #inTime<T>(asked: PromiseLike<T>, question: Question<object>): Promise<T> {
    const { timeoutMs = TIMEOUT_MS } = this.#plugin;
    return new Promise((resolve, reject) => {
      const callOff = after(timeoutMs, () => {
        question.abort();
        reject(new Error(`it did not answer within ${timeoutMs} ms`));
      });
      const settle = (end: () => void): void => {
        callOff();
        end();
      };
      asked.then(
        (verdict) => settle(() => resolve(verdict)),
        (error: unknown) => settle(() => reject(error instanceof Error ? error : new Error(String(error)))),
      );
    });
  }

  #failed({ hook, tool }: Question<object>, cause: unknown): undefined {
    const why = cause instanceof Error ? cause.message : String(cause);
    const onError = this.#onError;
    this.tell({ type: 'failed', hook, tool, message: why, cause, onError });
    if (onError === 'disable') this.#broken ??= why;
    if (onError !== 'fail') return undefined;
    // What it says may be about things that are nobody's business: it is for the log.
    throw new ForgeError('plugin_failed', `The plugin "${this.name}" failed, and the call must not go on without it`, {
      cause,
      data: { plugin: this.name, hook },
    });
  }
}

function isThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | null | undefined)?.then === 'function';
}
