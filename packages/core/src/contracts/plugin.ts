/** @module Plugins look at calls of tools, before and after: they change, answer or deny them, as their operator wants it. */
import type { JsonText } from '@forge/protocol';
import type { Principal } from './principal.ts';

/** One call of a tool, as plugins see it. Nothing that is done to it has an effect; what a hook returns has. */
export interface PluginCall {
  /** The id of the tool. */
  readonly toolId: string;
  /** The tool's name at its upstream. */
  readonly tool: string;
  /** The name that the client called. */
  readonly target: string | undefined;
  /** The virtual server; `undefined` for the aggregate of everything. */
  readonly serverId: string | undefined;
  readonly upstreamId: string | undefined;
  readonly principal: Principal;
  /** An object. Its text has every digit of its numbers, its `value` is what JavaScript makes of them. */
  readonly arguments: JsonText;
  /** What plugins before this one add, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  /** This plugin's own, for this call: what `beforeCall` leaves here is what `afterCall` finds. */
  readonly state: Record<string, unknown>;
  /** Aborts when the client has gone, or the plugin's time is over. */
  readonly signal: AbortSignal;
}

/** Why a call may not go on. The caller is told all of it. */
export interface Denial {
  /** In a few words. */
  readonly reason: string;
  /** In a sentence. */
  readonly description?: string | undefined;
  /** The plugin's own word for it, such as `SECRETS_DETECTED`. */
  readonly code?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
}

/** A JSON object: a plain one, or its text where every digit counts. */
export type PluginObject = JsonText | Readonly<Record<string, unknown>>;

/** What a plugin decides before a call; nothing: it goes on as it is. */
export interface BeforeVerdict {
  /** Takes the place of the arguments. */
  readonly arguments?: PluginObject | undefined;
  /** Added to the request; only REST upstreams send them, and never in place of what the upstream sets itself. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** A `CallToolResult` instead of the call. What stands after the call sees it. */
  readonly result?: PluginObject | undefined;
  readonly deny?: Denial | undefined;
}

/** What a plugin decides after a call; nothing: its result stays. */
export interface AfterVerdict {
  /** A `CallToolResult` that takes the place of the result. */
  readonly result?: PluginObject | undefined;
  /** The call has failed, and the model may read why: takes the place of the result as a whole. */
  readonly toolError?: string | undefined;
  readonly deny?: Denial | undefined;
}

/** What a hook returns. */
export type Verdict<T> = T | undefined | void | Promise<T | undefined | void>;

/** What a plugin does. */
export interface PluginHooks {
  beforeCall?(call: PluginCall): Verdict<BeforeVerdict>;
  /** `result` is a `CallToolResult`; for a call that ended in an error there is none, and no hook. */
  afterCall?(call: PluginCall, result: JsonText): Verdict<AfterVerdict>;
  close?(): void | Promise<void>;
}

/**
 * What becomes of what a plugin decides. `enforce`: all of it counts. `permissive`: what it denies goes on, and is told
 * to the log. `audit`: it sees, and the log is told what it denies. `disabled`: it is not asked.
 */
export type PluginMode = 'enforce' | 'permissive' | 'audit' | 'disabled';

/** What a plugin's failure means for the call: an error; nothing; nothing, and the plugin is not asked again. */
export type PluginFailure = 'fail' | 'ignore' | 'disable';

/** Calls that a plugin is for; both must fit. A list that is absent fits all. */
export interface PluginCondition {
  /** Ids of virtual servers. */
  readonly serverIds?: readonly string[] | undefined;
  /** Ids or names of tools, at their upstreams or in aggregates. */
  readonly tools?: readonly string[] | undefined;
}

/** A plugin with its settings. */
export interface Plugin extends PluginHooks {
  /** Unique; chains name it. */
  readonly name: string;
  /** @default 'enforce' */
  readonly mode?: PluginMode | undefined;
  /** Lower ones first. @default 100 */
  readonly priority?: number | undefined;
  /** Milliseconds that a hook may take. @default 30000 */
  readonly timeoutMs?: number | undefined;
  /** @default 'fail' where it is enforced, 'ignore' otherwise */
  readonly onError?: PluginFailure | undefined;
  /** Only tools whose chains name it have it. @default false: every tool has it */
  readonly chainOnly?: boolean | undefined;
  /** One must fit. They count where no chain names the plugin. @default for all calls */
  readonly conditions?: readonly PluginCondition[] | undefined;
  /** For those who read the list. */
  readonly about?: PluginAbout | undefined;
}

/** What is told of a plugin. */
export interface PluginAbout {
  readonly kind?: string | undefined;
  readonly description?: string | undefined;
  readonly author?: string | undefined;
  readonly version?: string | undefined;
  readonly tags?: readonly string[] | undefined;
}

/** When a plugin is asked, in the words of ContextForge. */
export type PluginHook = 'tool_pre_invoke' | 'tool_post_invoke';

/** Something that operators want to know of. */
export interface PluginEvent {
  /** `denied`: and so the call ended, or would have. `headers`: the upstream is none that takes any. */
  readonly type: 'denied' | 'failed' | 'headers';
  readonly plugin: string;
  readonly hook: PluginHook;
  readonly mode: PluginMode;
  readonly tool: string;
  readonly message: string;
  /** Of a failure: what it means for the call, and why it failed. */
  readonly onError?: PluginFailure | undefined;
  readonly cause?: unknown;
}
