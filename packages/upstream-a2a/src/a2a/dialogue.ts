/** @module One message to an agent and everything that comes of it, until the agent is done, asks, or has to be left alone. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Message, Task } from '@a2a-js/sdk';
import { ForgeError } from '@forge/protocol';
import type { AgentCall } from '../agent-call.ts';
import { agentError, type Connection } from './connect-agent.ts';
import type { Patience } from './patience.ts';
import type { TaskView } from './task-view.ts';

/** What a dialogue is held with. */
export interface DialogueParts {
  readonly connection: Connection;
  readonly streaming: boolean;
  readonly call: AgentCall;
  readonly patience: Patience;
}

const FIRST_POLL_MS = 10;
const MAX_POLL_MS = 2000;

/**
 * Sends `message`, takes what comes into `view`. When it resolves, the view is settled, or patience is over and its task is
 * known.
 *
 * @throws AgentFailure, ForgeError; the message is sent once
 */
export async function converse(parts: DialogueParts, message: Message, view: TaskView): Promise<void> {
  const { streaming, patience } = parts;
  try {
    await (streaming ? stream(parts, message, view) : send(parts, message, view));
    if (view.taskId === '' && !view.isSettled)
      throw new ForgeError('outcome_unknown', 'The agent did not say anything');
    if (!view.isSettled && !patience.isOver) await poll(parts, view);
    if (view.isDoubtful && view.isSettled) await makeSure(parts, view);
  } catch (error) {
    throw agentError(error);
  }
}

/** Blocks nobody: the task is known at once, so that it can be asked for and cancelled. */
async function send(
  { connection: { client, serviceParameters }, call }: DialogueParts,
  message: Message,
  view: TaskView,
): Promise<void> {
  const answer = await client.sendMessage(request(message, true), { signal: call.signal, serviceParameters });
  if ('messageId' in answer) view.takeMessage(answer);
  else view.takeTask(answer);
}

/** A stream that is lost leaves the task where it is, which can be asked for. */
async function stream({ connection, call, patience }: DialogueParts, message: Message, view: TaskView): Promise<void> {
  const { client, serviceParameters } = connection;
  const signal = patience.begin(call.signal);
  try {
    for await (const event of client.sendMessageStream(request(message, false), { signal, serviceParameters })) {
      if (view.isSettled) continue;
      const said = view.take(event, connection.losesAppend);
      if (view.isSettled) patience.settle();
      else if (said !== undefined) call.progress(said);
      if (patience.isOver && view.taskId !== '') return;
    }
  } catch (error) {
    call.signal.throwIfAborted();
    if (view.isSettled) return;
    const isLost = patience.isOver || (error instanceof ForgeError && error.code === 'outcome_unknown');
    if (!isLost || view.taskId === '') throw error;
  }
}

async function poll({ connection, call, patience }: DialogueParts, view: TaskView): Promise<void> {
  for (let pause = FIRST_POLL_MS; !view.isSettled && !patience.isOver; pause = Math.min(pause * 2, MAX_POLL_MS)) {
    await sleep(pause, undefined, { signal: call.signal });
    const before = `${view.stateName} ${view.words}`;
    view.takeTask(await getTask(connection, view.taskId, call.signal).catch(lost));
    if (!view.isSettled && before !== `${view.stateName} ${view.words}`) call.progress(view.words);
  }
}

/** The task has its artifacts as the agent means them. One that is kept no more is what came. */
async function makeSure({ connection, call }: DialogueParts, view: TaskView): Promise<void> {
  const task = await getTask(connection, view.taskId, call.signal).catch(() => undefined);
  call.signal.throwIfAborted();
  if (task !== undefined) view.takeTask(task);
}

/** A task as it stands. */
export function getTask({ client, serviceParameters }: Connection, id: string, signal: AbortSignal): Promise<Task> {
  return client.getTask({ tenant: '', id, historyLength: 10 }, { signal, serviceParameters });
}

/** The message was sent, and now nobody is there to tell what became of it. */
function lost(error: unknown): never {
  const isGone = error instanceof ForgeError && error.code === 'upstream_unreachable';
  throw isGone ? new ForgeError('outcome_unknown', undefined, { cause: error }) : error;
}

function request(message: Message, returnImmediately: boolean) {
  const configuration = { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately };
  return { tenant: '', message, configuration, metadata: undefined };
}
