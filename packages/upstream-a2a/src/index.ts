/** @module Agents as upstreams, and virtual servers as agents. */
export { a2aAdapter, type A2aAdapterOptions } from './adapter.ts';
export { type AgentServer, createAgentServer } from './served/agent-server.ts';
export { type KeptTasksOptions } from './served/kept-tasks.ts';
export { type PushOptions } from './served/push-notifications.ts';
export { type PushOutcome } from './served/push-target.ts';
export { type RestRequest } from './served/rest-request.ts';
export { type ServedCall } from './served/run-task.ts';
export { type ServedCardFields } from './served/served-card.ts';
export { type ServedTasksOptions } from './served/served-tasks.ts';
