/** @module Carries a task out: finds what is meant, calls it as its owner's client would, and puts its questions. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Message, TaskState } from '@a2a-js/sdk';
import {
  type Answer,
  type Ask,
  type Client,
  type Endpoint,
  type Exchange,
  isTask,
  JsonText,
  LATEST_MODERN,
  NOBODY,
  TASKS_EXTENSION,
  toModern,
} from '@forge/protocol';
import { type Content, textPart, toParts } from '../a2a/parts.ts';
import type { Caller } from '@forge/protocol';
import { formAnswer, wordsOfForm } from './form-answer.ts';
import type { ServedCardFields } from './served-card.ts';
import type { ServedTask } from './served-task.ts';
import { type Offer, type Wanted, wantedOf } from './wanted.ts';

/** For whom, and where, a task is carried out. */
export interface ServedCall {
  /** Tells places apart: a task of one is unknown at another. */
  readonly place: string;
  readonly endpoint: Endpoint;
  readonly caller: Caller;
  /** Only these tools, and no prompts. @default everything that the endpoint has */
  readonly only?: ReadonlySet<string> | undefined;
  /** Said in the card, which its callers may ask for by A2A, too. @default there is none */
  readonly card?: ServedCardFields | undefined;
  /** What the client itself wants sent to the upstream as `Authorization`. */
  readonly upstreamAuthorization?: string | undefined;
}

/** An answer of the endpoint, in modern form. */
type Result = Readonly<Record<string, unknown>>;

/** Questions that one task puts. */
const MAX_ROUNDS = 8;
const MAX_PAGES = 100;
const MIN_POLL_MS = 100;
const MAX_POLL_MS = 10_000;
/** How long a task of an upstream is waited for. */
const MAX_WAIT_MS = 3_600_000;

/** Never rejects: what goes wrong is the task's end. @param handle of the conversation before, if there was one */
export async function runTask(task: ServedTask, message: Message, call: ServedCall, handle?: string): Promise<void> {
  try {
    const wanted = await agree(task, message, call);
    if (wanted !== undefined) await carryOut(task, wanted.offer, withContext(wanted, handle), call);
  } catch (error) {
    fail(task, (error as Error).message);
  }
}

/** Goes on with a task of the upstream that another process has begun to follow. Never rejects. */
export async function resumeTask(task: ServedTask, taskId: string, call: ServedCall): Promise<void> {
  try {
    task.progress('');
    await follow(task, taskId, call);
  } catch (error) {
    fail(task, (error as Error).message);
  }
}

/** What can be asked for at the endpoint. @throws Error with the endpoint's words */
export async function offersAt(call: ServedCall): Promise<Offer[]> {
  const tools = await listed(call, 'tools/list', 'tools');
  if (call.only !== undefined) return tools.filter(({ name }) => call.only?.has(name));
  return [...tools, ...(await listed(call, 'prompts/list', 'prompts'))];
}

async function listed(call: ServedCall, method: string, member: 'tools' | 'prompts'): Promise<Offer[]> {
  const kind = member === 'tools' ? 'tool' : 'prompt';
  const offers: Offer[] = [];
  let cursor: unknown;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const result = await send(call, method, cursor === undefined ? {} : { cursor }, NOBODY);
    for (const item of (result[member] ?? []) as Omit<Offer, 'kind'>[]) offers.push({ ...item, kind });
    cursor = result['nextCursor'];
    if (cursor === undefined) break;
  }
  return offers;
}

/** Asks until it is clear what is wanted; `undefined` when the task has ended over it. */
async function agree(task: ServedTask, first: Message, call: ServedCall) {
  const offers = await offersAt(call);
  let message: Message | undefined = first;
  for (let round = 0; round < MAX_ROUNDS && message !== undefined; round += 1) {
    const wanted: Wanted = wantedOf(message, offers);
    if ('offer' in wanted) return wanted;
    message = await task.ask(wanted.question);
  }
  fail(task, 'It was not said what is to be done');
  return undefined;
}

/** Who takes a `contextId` as agents do goes on with the conversation of before. */
function withContext({ offer, args }: Extract<Wanted, { offer: Offer }>, handle: string | undefined) {
  const { contextId } = (offer.inputSchema?.['properties'] ?? {}) as { contextId?: unknown };
  return contextId === undefined || handle === undefined ? args : { contextId: handle, ...args };
}

async function carryOut(task: ServedTask, { kind, name }: Offer, args: object, call: ServedCall): Promise<void> {
  const exchange = exchangeOf(task);
  const method = kind === 'tool' ? 'tools/call' : 'prompts/get';
  let params: Result = { name, arguments: args };
  task.progress('');
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const result = await send(call, method, params, exchange);
    if (result['resultType'] === 'task') return follow(task, String(result['taskId']), call);
    if (result['resultType'] !== 'input_required') return conclude(task, result);
    const { requestState } = result;
    const inputResponses = await answersTo(task, result['inputRequests'] as Questions);
    params = { name, arguments: args, inputResponses, ...(requestState !== undefined && { requestState }) };
  }
  fail(task, `It asked for input more than ${MAX_ROUNDS} times`);
}

type Questions = Readonly<Record<string, { readonly method: string; readonly params?: unknown }>>;

async function answersTo(task: ServedTask, questions: Questions = {}): Promise<Record<string, object>> {
  const answers: Record<string, object> = {};
  for (const [key, { method, params }] of Object.entries(questions)) answers[key] = await put(task, method, params);
  return answers;
}

/** Only forms are asked: no other capability is declared. */
async function put(task: ServedTask, method: string, params: unknown): Promise<object> {
  if (method !== 'elicitation/create') return { action: 'cancel' };
  const words = wordsOfForm(params);
  const answer = formAnswer(await task.ask(words), params);
  return answer ?? formAnswer(await task.ask(`That is no answer to this. ${words}`), params) ?? { action: 'cancel' };
}

/** `GetTaskResult` of the tasks extension. */
interface UpstreamTask {
  readonly status?: string;
  readonly statusMessage?: string;
  readonly pollIntervalMs?: unknown;
  readonly result?: Result;
  readonly error?: { readonly message?: string };
  readonly inputRequests?: Questions;
}

/** A task of the upstream's own: its end is ours, and so are its questions. */
async function follow(task: ServedTask, taskId: string, call: ServedCall): Promise<void> {
  const answered = new Set<string>();
  const giveUpAt = Date.now() + MAX_WAIT_MS;
  task.onCancel(() => void send(call, 'tasks/cancel', { taskId }, NOBODY).catch(ignore));
  await task.follow(taskId);
  while (!task.isOver && !task.isReleased && Date.now() < giveUpAt) {
    const state = (await send(call, 'tasks/get', { taskId }, NOBODY)) as UpstreamTask;
    const { status, statusMessage = '', pollIntervalMs } = state;
    if (status === 'completed') return conclude(task, state.result ?? {});
    if (status === 'cancelled') return task.cancel();
    if (status === 'failed') return fail(task, state.error?.message ?? 'It failed');
    const open = Object.entries(state.inputRequests ?? {}).filter(([key]) => !answered.has(key));
    if (open.length > 0) {
      for (const [key] of open) answered.add(key);
      const inputResponses = await answersTo(task, Object.fromEntries(open));
      if (task.isReleased) return;
      await send(call, 'tasks/update', { taskId, inputResponses }, NOBODY);
    } else task.progress(statusMessage);
    const wanted = typeof pollIntervalMs === 'number' ? pollIntervalMs : 1000; // of anything else there is no maximum
    const pause = Math.min(Math.max(wanted, MIN_POLL_MS), MAX_POLL_MS);
    await sleep(pause, undefined, { ref: false });
  }
  if (!task.isOver) fail(task, 'It took too long');
}

function ignore(): void {} // nobody is there to hear that it could not be cancelled

function conclude(task: ServedTask, result: Result): void {
  const { content, structuredContent, messages, isError, _meta } = result as {
    content?: readonly Content[];
    structuredContent?: unknown;
    messages?: readonly { readonly content: Content }[];
    isError?: boolean;
    _meta?: { 'forge/a2a'?: { contextId?: string } };
  };
  task.handle = _meta?.['forge/a2a']?.contextId;
  const parts = toParts(content ?? (messages ?? []).map((message) => message.content), structuredContent);
  const state = isError === true ? TaskState.TASK_STATE_FAILED : TaskState.TASK_STATE_COMPLETED;
  task.finish(state, parts);
}

function fail(task: ServedTask, why: string): void {
  task.finish(TaskState.TASK_STATE_FAILED, [textPart(why)]);
}

/** The client's side of the call: the task hears, is asked, and cancels. */
function exchangeOf(task: ServedTask): Exchange {
  let cancelled = false;
  return {
    note(method, params) {
      if (method !== 'notifications/progress') return;
      const { message } = (params?.value ?? {}) as { message?: unknown };
      task.progress(typeof message === 'string' ? message : '');
    },
    async ask({ method, params }: Ask): Promise<Answer> {
      if (method === 'elicitation/create') return { result: JsonText.of(await put(task, method, params?.value)) };
      return { error: { code: -32600, message: 'Agents can be asked to fill in forms, and nothing else' } };
    },
    get cancelled() {
      return cancelled;
    },
    onCancel: (listener) =>
      task.onCancel(() => {
        cancelled = true;
        listener('The task was cancelled');
      }),
  };
}

const CAPABILITIES = JsonText.of({ elicitation: {}, extensions: { [TASKS_EXTENSION]: {} } });

/** @throws Error with the words of an error */
async function send(call: ServedCall, method: string, params: Result, exchange: Exchange): Promise<Result> {
  const { endpoint, caller, upstreamAuthorization } = call;
  const client: Client = {
    era: 'modern',
    protocolVersion: LATEST_MODERN,
    caller,
    capabilities: CAPABILITIES,
    upstreamAuthorization,
  };
  const target = (params['name'] ?? params['taskId']) as string | undefined;
  const request = { method, params: JsonText.of(params), target, client, progressToken: '"task"' };
  const { result, error } = toModern(await endpoint.handle(request, exchange), method);
  if (error !== undefined) throw new Error(error.message);
  // A task is told by its type; anything else without one is complete.
  return isTask(result) ? (result.value as Result) : { ...(result.value as Result) };
}
