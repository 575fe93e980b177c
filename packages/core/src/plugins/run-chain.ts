/**
 * @module Runs the plugins around one call of a tool. What cannot be looked at does not get past those that stand after
 * the call: a tool that has any does not run as a task.
 */
import {
  declaresTasks,
  errorOutcome,
  type ExchangeRequest,
  ForgeError,
  isTask,
  JsonText,
  type Outcome,
  TASKS_EXTENSION,
} from '@forge/protocol';
import type { Call, Next } from '../contracts/interceptor.ts';
import type { Denial, PluginCall, PluginHook } from '../contracts/plugin.ts';
import type { BoundPlugin, PluginChain } from './chain.ts';
import type { InstalledPlugin, Question } from './installed-plugin.ts';
import { readAfter, readBefore } from './verdicts.ts';

/** The step of the pipeline that asks plugins. A call without any is passed on, and nothing is made for it. */
export function pluginStep(next: Next): Next {
  return (call) => {
    const { chain } = call;
    return chain === undefined ? next(call) : runChain(chain, call, next);
  };
}

async function runChain(chain: PluginChain, call: Call, next: Next): Promise<Outcome> {
  try {
    if (chain.refusal !== undefined) throw refused(chain.refusal);
    const run = new Run(chain, call);
    const outcome = (await run.before()) ?? (await next(run.passedOn()));
    return outcome.result === undefined ? outcome : await run.after(outcome);
  } catch (error) {
    return errorOutcome(error);
  }
}

/** One call under way. */
class Run {
  readonly #chain: PluginChain;
  readonly #call: Call;
  readonly #states = new Map<InstalledPlugin, Record<string, unknown>>();
  readonly #aborts = new Set<AbortController>();
  #arguments: JsonText;
  #headers: Readonly<Record<string, string>> = {};
  #isChanged = false;

  constructor(chain: PluginChain, call: Call) {
    this.#chain = chain;
    this.#call = call;
    this.#arguments = call.request.params?.member('arguments') ?? NO_ARGUMENTS;
    if (!this.#arguments.isObject) throw new ForgeError('invalid_params', 'params.arguments must be an object');
  }

  /** Asks those before the call; an outcome where one of them answers in its place. */
  async before(): Promise<Outcome | undefined> {
    this.#abortOnCancel();
    for (const { plugin } of this.#asked(this.#chain.before)) {
      const question = this.#question(plugin, 'tool_pre_invoke', ({ beforeCall }, call) => beforeCall?.(call));
      const verdict = await plugin.decide(question, readBefore);
      if (this.#call.exchange.cancelled) throw new ForgeError('cancelled');
      if (verdict === undefined) continue;
      if (verdict.deny !== undefined) this.#deny(plugin, 'tool_pre_invoke', verdict.deny);
      if (plugin.mode === 'audit') continue;
      if (verdict.arguments !== undefined) this.#arguments = verdict.arguments;
      if (verdict.headers !== undefined) this.#addHeaders(plugin, verdict.headers);
      this.#isChanged ||= verdict.arguments !== undefined || verdict.headers !== undefined;
      if (verdict.result !== undefined) return { era: 'modern', result: complete(verdict.result) };
    }
    return undefined;
  }

  /** The call as plugins have made it. */
  passedOn(): Call {
    const { request } = this.#call;
    const changed = this.#isChanged
      ? {
          ...request,
          params: (request.params ?? NO_ARGUMENTS).with({ arguments: this.#arguments.text }),
          headers: this.#headers,
        }
      : request;
    return { ...this.#call, request: this.#chain.after.length === 0 ? changed : withoutTasks(changed) };
  }

  /** Asks those after the call. */
  async after(outcome: Outcome): Promise<Outcome> {
    const { era } = outcome;
    let result = outcome.result as JsonText;
    if (this.#chain.after.length === 0) return outcome;
    if (isTask(result)) throw new ForgeError('upstream_error', 'The upstream made a task of a call that must be none');
    if (era === 'modern' && result.member('resultType')?.value === 'input_required') {
      // A client that takes it for an answer after all must find none that no plugin has seen.
      if (!result.hasRepeats && !result.has('content') && !result.has('structuredContent')) return outcome;
      throw new ForgeError('upstream_error', 'The upstream asked for input and answered at the same time');
    }
    this.#abortOnCancel();
    for (const { plugin } of this.#asked(this.#chain.after)) {
      const shown = new JsonText(result.text);
      const question = this.#question(plugin, 'tool_post_invoke', ({ afterCall }, call) => afterCall?.(call, shown));
      const verdict = await plugin.decide(question, readAfter);
      if (verdict === undefined) continue;
      if (verdict.deny !== undefined) this.#deny(plugin, 'tool_post_invoke', verdict.deny);
      if (plugin.mode === 'audit' || verdict.result === undefined) continue;
      result = era === 'modern' ? complete(verdict.result) : verdict.result;
    }
    return result === outcome.result ? outcome : { era, result };
  }

  *#asked(bound: readonly BoundPlugin[]): Generator<BoundPlugin> {
    const { serverId = '' } = this.#call;
    for (const one of bound) {
      if (!one.plugin.isBroken && (one.serverIds === undefined || one.serverIds.has(serverId))) yield one;
    }
  }

  #question<T>(
    plugin: InstalledPlugin,
    hook: PluginHook,
    ask: (hooks: Parameters<Question<T>['ask']>[0], call: PluginCall) => ReturnType<Question<T>['ask']>,
  ): Question<T> {
    const { request } = this.#call;
    const tool = request.target ?? '';
    const aborts = this.#aborts;
    let controller: AbortController | undefined;
    let state = this.#states.get(plugin);
    if (state === undefined) this.#states.set(plugin, (state = {}));
    const call: PluginCall = {
      toolId: this.#call.itemId ?? '',
      tool,
      target: this.#call.target,
      serverId: this.#call.serverId,
      upstreamId: this.#call.upstreamId,
      principal: this.#call.principal,
      // Its own copy: what a plugin does to the value would be seen by those that come after it, and by nobody else.
      arguments: new JsonText(this.#arguments.text),
      headers: this.#headers,
      state,
      get signal() {
        if (controller === undefined) aborts.add((controller = new AbortController()));
        return controller.signal;
      },
    };
    return { hook, tool, ask: (hooks) => ask(hooks, call), abort: () => controller?.abort() };
  }

  #addHeaders(plugin: InstalledPlugin, headers: Readonly<Record<string, string>>): void {
    if (this.#chain.takesHeaders) this.#headers = { ...this.#headers, ...headers };
    else {
      const message = `it adds ${Object.keys(headers).join(', ')}, and the upstream is none that takes headers`;
      plugin.tell({ type: 'headers', hook: 'tool_pre_invoke', tool: this.#call.request.target ?? '', message });
    }
  }

  /** Ends the call, or tells the log that it would have ended. */
  #deny(plugin: InstalledPlugin, hook: PluginHook, { reason, description, code, details }: Denial): void {
    plugin.tell({ type: 'denied', hook, tool: this.#call.request.target ?? '', message: description ?? reason });
    if (plugin.mode !== 'enforce') return;
    const text = description === undefined ? reason : `${reason}: ${description}`;
    throw new ForgeError('plugin_denied', `The plugin "${plugin.name}" denied the call: ${text}`, {
      data: { plugin: plugin.name, hook, reason, description, pluginCode: code, details },
    });
  }

  #abortOnCancel(): void {
    this.#call.exchange.onCancel(() => {
      for (const controller of this.#aborts) controller.abort();
    });
  }
}

const NO_ARGUMENTS = new JsonText('{}');

/** A result of a plugin's making, in modern form. */
function complete(result: JsonText): JsonText {
  return result.has('resultType') ? result : result.with({ resultType: '"complete"' });
}

/** What a task brings later, no plugin would see. */
function withoutTasks(request: ExchangeRequest): ExchangeRequest {
  const { client } = request;
  if (!declaresTasks(client.capabilities)) return request;
  const extensions = client.capabilities.member('extensions')?.with({ [TASKS_EXTENSION]: undefined });
  return {
    ...request,
    client: { ...client, capabilities: client.capabilities.with({ extensions: extensions?.text }) },
  };
}

function refused(why: string): ForgeError {
  const message = `This tool cannot be called until its plugins are put right (${why})`;
  return new ForgeError('plugin_failed', message);
}
