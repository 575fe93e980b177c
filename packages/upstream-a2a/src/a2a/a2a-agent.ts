/** @module An A2A agent: its card, its skills as tools, its tasks. */
import { AgentCard, type AgentInterface } from '@a2a-js/sdk';
import { TaskNotCancelableError } from '@a2a-js/sdk/errors';
import type { Sealer, UpstreamRecord } from '@forge/core';
import type { TokenSource } from '@forge/outgoing';
import { ForgeError, JsonText, LATEST_MODERN, takesTasks, TASKS_EXTENSION } from '@forge/protocol';
import type { AgentCall } from '../agent-call.ts';
import { AgentFailure } from '../agent-failure.ts';
import type { Agent, AgentContext, Arguments, Found } from '../agent.ts';
import type { ConfigOf } from '../config.ts';
import type { AgentHttp } from '../http/agent-http.ts';
import { chooseInterface, originOf } from './choose-interface.ts';
import { agentError, connectAgent, type Connection } from './connect-agent.ts';
import { type Conversation, message, messageOf, NEW_CONVERSATION } from './outgoing-message.ts';
import { type Conversations, createConversations } from './conversations.ts';
import { converse, getTask } from './dialogue.ts';
import { createTaskResult, detailedTask, questionKey } from './mcp-task.ts';
import { textPart } from './parts.ts';
import { Patience } from './patience.ts';
import { askUser, replyOf } from './questions.ts';
import { MAX_CARD_BYTES, readCard } from './read-card.ts';
import { type SkillFields, type SkillTool, toolsOf } from './skill-tools.ts';
import { TaskView } from './task-view.ts';
import { TaskWatch } from './task-watch.ts';
import { type Verdict, verifyCard } from './verify-card.ts';

/** What an A2A agent is made with. */
export interface A2aAgentOptions {
  readonly record: UpstreamRecord;
  readonly config: ConfigOf<'a2a'>;
  readonly http: AgentHttp;
  readonly headers: Readonly<Record<string, string>>;
  readonly tokens: TokenSource | undefined;
  readonly origins: ReadonlySet<string>;
  readonly sealer: Sealer;
  refuses(host: string): boolean;
  readonly maxResponseBytes: number;
  /** When a client that takes tasks gets one, in ms. */
  readonly taskAfterMs: number;
}

/** What is known of the agent. */
interface Known {
  readonly card: AgentCard;
  readonly chosen: AgentInterface;
  readonly skills: readonly SkillFields[];
  readonly reason: string;
}

interface Connected extends Known {
  readonly tools: ReadonlyMap<string, SkillTool>;
  readonly connection: Connection;
}

/** Questions of an agent that one call passes on. */
const MAX_ROUNDS = 8;
/** How long an agent has to take a cancellation, in ms. */
const CANCEL_MS = 5000;

/** Makes the agent; nothing is connected before it is looked for. */
export function a2aAgent(options: A2aAgentOptions, { events, own }: AgentContext): Agent {
  const { record, config, http, maxResponseBytes } = options;
  const conversations = createConversations(options.sealer, record.id);
  const cancellations = new Set<Promise<void>>();
  const watch = new TaskWatch({
    look: (taskId) => own((call) => look(taskId, call.signal)),
    changed: (view) => events.taskChanged?.(view.taskId, JsonText.of(detailedTask(view))),
  });
  let connected: Connected | undefined;

  async function find(call: AgentCall): Promise<Found> {
    const known = config.endpoint ? byHand(record, config.endpoint) : await byCard(options, call.signal);
    const { card, chosen, skills } = known;
    const { slug } = record;
    const tools = toolsOf(skills, { slug, name: card.name, description: record.description || card.description });
    if (connected === undefined || JSON.stringify(connected.card) !== JSON.stringify(card)) {
      guardCredentials(options, chosen);
      const { headers, tokens, refuses } = options;
      const fetcher = http.within(maxResponseBytes);
      const connection = await connectAgent(card, chosen, { fetcher, headers, tokens, maxResponseBytes, refuses });
      connected?.connection.close();
      connected = { ...known, tools, connection };
    }
    return { info: infoOf(known), tools: [...tools.values()].map(({ definition }) => definition) };
  }

  function current(): Connected {
    if (connected === undefined) throw new ForgeError('upstream_unreachable');
    return connected;
  }

  async function look(taskId: string, signal: AbortSignal): Promise<TaskView> {
    try {
      return TaskView.of(await getTask(current().connection, taskId, signal));
    } catch (error) {
      throw agentError(error);
    }
  }

  async function call(call: AgentCall, name: string, args: Arguments): Promise<JsonText> {
    const { tools, connection, card } = current();
    const tool = tools.get(name);
    if (tool === undefined) throw new ForgeError('invalid_params', `Unknown tool: ${name.slice(0, 256)}`);
    const { client } = call.request;
    const { contextId } = args;
    const before = contextId === undefined ? NEW_CONVERSATION : await conversations.open(contextId, client.caller.id);
    const view = new TaskView();
    const patience = new Patience(takesTasks(client) ? options.taskAfterMs : undefined, () => view.taskId !== '');
    const parts = { connection, streaming: card.capabilities?.streaming === true, call, patience };
    try {
      let next = messageOf(args, tool, before);
      for (let round = 1; ; round += 1) {
        await converse(parts, next, view);
        if (!view.isSettled) return createTaskResult(view);
        const reply = view.wantsInput && round <= MAX_ROUNDS ? await askUser(call, view) : 'unasked';
        if (reply === 'unasked') return await resultOf(view, conversations, client.caller.id);
        if (reply === 'declined') {
          cancel(connection, view);
          throw new AgentFailure(`The agent asked, and the user did not answer: ${view.words}`);
        }
        view.resume();
        next = message([textPart(reply.answer)], view);
      }
    } catch (error) {
      if (call.signal.aborted) cancel(connection, view);
      throw error;
    } finally {
      patience.end();
    }
  }

  /** Nobody waits for it, but the end. */
  function cancel({ client, serviceParameters }: Connection, { taskId, isTerminal }: TaskView): void {
    if (taskId === '' || isTerminal) return;
    const signal = AbortSignal.timeout(CANCEL_MS);
    const sent = client.cancelTask({ tenant: '', id: taskId, metadata: undefined }, { signal, serviceParameters });
    // An agent that cannot cancel its task, or is gone, has nothing to tell to a caller that has gone, too.
    const over = sent.then(ignore, ignore).finally(() => cancellations.delete(over));
    cancellations.add(over);
  }

  async function task(call: AgentCall, method: string, taskId: string, params?: JsonText): Promise<JsonText> {
    const { connection } = current();
    if (method === 'tasks/cancel') {
      await cancelTask(connection, taskId, call.signal);
      return ACKNOWLEDGED;
    }
    const view = await look(taskId, call.signal);
    if (method === 'tasks/update') {
      await answer(connection, view, params, call.signal);
      return ACKNOWLEDGED;
    }
    const meta = view.isTerminal ? await metaOf(view, conversations, call.request.client.caller.id) : undefined;
    return JsonText.of({ resultType: 'complete', ...detailedTask(view, meta) });
  }

  return {
    find,
    call,
    task,
    watch: (taskIds) => watch.update(taskIds),
    async close() {
      watch.close();
      await Promise.all(cancellations);
      connected?.connection.close();
      await http.close();
    },
  };
}

const ACKNOWLEDGED = new JsonText('{"resultType":"complete"}');

function ignore(): void {}

async function byCard({ record, config, http }: A2aAgentOptions, signal: AbortSignal): Promise<Known> {
  const fetcher = http.within(MAX_CARD_BYTES);
  const read = await readCard(new URL(record.url ?? ''), fetcher, signal);
  const verdict = await verifyCard(read, config, fetcher, signal);
  const { card } = read;
  return {
    card,
    chosen: chooseInterface(card, config.bindings),
    skills: card.skills,
    reason: reasonOf(verdict, read.url),
  };
}

function reasonOf(verdict: Verdict, { href }: URL): string {
  return verdict.signed ? `Its card at ${href} is signed by the key "${verdict.kid}"` : `Its card at ${href} says so`;
}

function byHand(
  { name, description, url = '' }: UpstreamRecord,
  endpoint: NonNullable<ConfigOf<'a2a'>['endpoint']>,
): Known {
  const { binding: protocolBinding, protocolVersion, tenant, streaming, skills } = endpoint;
  const chosen = { url, protocolBinding, tenant, protocolVersion };
  const card = AgentCard.fromJSON({ name, description, capabilities: { streaming }, supportedInterfaces: [chosen] });
  return { card, chosen: chooseInterface(card, [protocolBinding]), skills, reason: 'It was registered by hand' };
}

/** A card must not lead the credentials to whom nobody meant them for. */
function guardCredentials({ headers, config, tokens, origins }: A2aAgentOptions, chosen: AgentInterface): void {
  const origin = originOf(chosen);
  const has = tokens !== undefined || Object.keys(headers).length + Object.keys(config.query).length > 0;
  if (!has || origins.has(origin)) return;
  throw new ForgeError(
    'upstream_error',
    `The agent's card leads to ${origin}, which must not get the credentials; add it to config.origins to allow it`,
  );
}

function infoOf({ card, chosen, reason }: Known): Found['info'] {
  const { name, version, description, documentationUrl } = card;
  return {
    era: 'modern',
    protocolVersion: LATEST_MODERN,
    transport: `a2a ${chosen.protocolVersion} ${chosen.protocolBinding}`,
    reason,
    description: {
      serverInfo: JsonText.of({
        name,
        version: version || '0',
        ...(documentationUrl && { websiteUrl: documentationUrl }),
      }),
      capabilities: JsonText.of({ tools: {}, extensions: { [TASKS_EXTENSION]: {} } }),
      instructions: description === '' ? undefined : description,
      ttlMs: 0,
      cacheScope: 'private',
    },
  };
}

async function resultOf(view: TaskView, conversations: Conversations, callerId: string): Promise<JsonText> {
  const meta = await metaOf(view, conversations, callerId);
  const result = view.result();
  const waits = view.isTerminal ? [] : [{ type: 'text', text: howToGoOn(meta['forge/a2a'].contextId) }];
  const content = [...(result['content'] as object[]), ...waits];
  return JsonText.of({ resultType: 'complete', ...result, content, _meta: meta });
}

function howToGoOn(contextId: string): string {
  return `The agent waits. To answer, call this tool again with the answer as "query" and this "contextId": ${contextId}`;
}

async function metaOf(view: TaskView, conversations: Conversations, callerId: string) {
  const conversation: Conversation = { contextId: view.contextId, taskId: view.isTerminal ? '' : view.taskId };
  const contextId = await conversations.seal(conversation, callerId);
  return { 'forge/a2a': { state: view.stateName, contextId } };
}

async function cancelTask({ client, serviceParameters }: Connection, id: string, signal: AbortSignal): Promise<void> {
  try {
    await client.cancelTask({ tenant: '', id, metadata: undefined }, { signal, serviceParameters });
  } catch (error) {
    // Cancelling is a wish; what is over already is no error.
    if (!(error instanceof TaskNotCancelableError)) throw agentError(error);
  }
}

/** Answers to what is not asked, or not any more, are ignored (tasks extension, Task Update Requests). */
async function answer(
  connection: Connection,
  view: TaskView,
  params: JsonText | undefined,
  signal: AbortSignal,
): Promise<void> {
  const response = params?.member('inputResponses')?.member(questionKey(view));
  if (!view.wantsInput || response === undefined) return;
  const reply = replyOf(response.value);
  if (reply === 'declined') return cancelTask(connection, view.taskId, signal);
  const { client, serviceParameters } = connection;
  const configuration = { acceptedOutputModes: [], taskPushNotificationConfig: undefined, returnImmediately: true };
  const next = message([textPart(reply.answer)], view);
  try {
    await client.sendMessage(
      { tenant: '', message: next, configuration, metadata: undefined },
      { signal, serviceParameters },
    );
  } catch (error) {
    throw agentError(error);
  }
}
