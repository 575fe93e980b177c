/** @module What is behind an upstream of this adapter: an A2A agent, or an endpoint that is treated as one. */
import type { JsonText, UpstreamEvents, UpstreamInfo } from '@forge/protocol';
import type { AgentCall } from './agent-call.ts';

/** A tool as `tools/list` shows it. */
export interface ToolDefinition {
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: Readonly<Record<string, unknown>>;
  readonly annotations?: Readonly<Record<string, unknown>> | undefined;
}

/** What was found out about an agent. */
export interface Found {
  readonly info: UpstreamInfo;
  readonly tools: readonly ToolDefinition[];
}

/** Arguments of a tool. */
export type Arguments = Readonly<Record<string, unknown>>;

/** One agent. Everything rejects with what `call.signal` was aborted with, once it was. */
export interface Agent {
  /** Finds out anew what it is. @throws ForgeError `upstream_*` */
  find(call: AgentCall): Promise<Found>;
  /**
   * Calls a tool that `find` has named. The result is a `CallToolResult`, or a `CreateTaskResult` for who takes one.
   *
   * @throws AgentFailure, ForgeError
   */
  call(call: AgentCall, tool: string, args: Arguments): Promise<JsonText>;
  /** `tasks/get`, `tasks/update` and `tasks/cancel`. Absent: it makes no tasks. @throws ForgeError */
  task?(call: AgentCall, method: string, taskId: string, params: JsonText | undefined): Promise<JsonText>;
  /** All the tasks to be told of; see `Upstream.watch`. */
  watch?(taskIds: ReadonlySet<string>): void;
  /** Calls have been stopped already. */
  close(): Promise<void>;
}

/** What every kind of agent is made with. */
export interface AgentContext {
  readonly events: UpstreamEvents;
  /** Makes a call of the gateway's own. */
  own<T>(work: (call: AgentCall) => Promise<T>): Promise<T>;
}
