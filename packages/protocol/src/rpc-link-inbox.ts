/**
 * @module The calls in flight on one session with an upstream, and whose the messages are that name no call: a legacy
 * server's questions and log messages on a shared wire.
 */
import { CallTable } from './call-table.ts';
import type { Answer, Ask, Exchange } from './exchange.ts';
import { JsonText } from './json-text.ts';
import type { UpstreamEvents } from './upstream.ts';

/** A call that the upstream has not answered yet. */
export interface InboxCall {
  /** Its id at the upstream, which is also its progress token. */
  readonly id: number;
  readonly exchange: Exchange;
  /** Whose call it is: what belongs to nobody in particular goes to one caller or to none. */
  readonly callerId: string;
  /** Questions of the upstream that its client has not answered: the call's clock stands still meanwhile. */
  asking: number;
}

/** Options of {@link createInbox}. */
export interface InboxOptions<T extends InboxCall> {
  readonly events: UpstreamEvents;
  /** The client's session that this session is paired with. */
  readonly sessionId?: string | undefined;
  /** Asks the client of one call. */
  askCall(call: T, ask: Ask): Promise<Answer>;
}

/** The calls of one session. */
export interface Inbox<T extends InboxCall> {
  readonly calls: Pick<CallTable<T>, 'size' | 'has' | 'get'> & Iterable<T>;
  /** A call was sent. */
  begin(call: T): void;
  /** It was answered. Returns it, if it was waiting. */
  end(id: number): T | undefined;
  /** Nobody waits for it any more, but the upstream may still be busy with it. Returns it, if it was waiting. */
  abandon(id: number): T | undefined;
  /** Delivers a notification that names no call. */
  note(method: string, params: JsonText | undefined): void;
  /** Answers a question. Never rejects. */
  ask(ask: Ask): Promise<Answer>;
}

const LIST_CHANGED = new Map<string, 'tools' | 'prompts' | 'resources'>([
  ['notifications/tools/list_changed', 'tools'],
  ['notifications/prompts/list_changed', 'prompts'],
  ['notifications/resources/list_changed', 'resources'],
]);

const QUESTIONS: readonly string[] = ['elicitation/create', 'sampling/createMessage', 'roots/list'];

/** A client that is being asked cannot be told that the question is void; a subscription is ours, not a client's. */
const UNHEARD: readonly string[] = ['notifications/cancelled', 'notifications/subscriptions/acknowledged'];

/** How long an abandoned call may still be the one that asks. */
const LINGER_MS = 30_000;
const MAX_ABANDONED = 256;
const EMPTY = new JsonText('{}');

/** The calls of one session, none yet. */
export function createInbox<T extends InboxCall>(options: InboxOptions<T>): Inbox<T> {
  const { events, sessionId } = options;
  const calls = new CallTable<T>();
  const abandoned = new Map<number, { readonly callerId: string; readonly until: number }>();

  /** Whose every unanswered call is, those that ended early included; `undefined` where that is not one caller. */
  function soleCaller(): string | undefined {
    const callers = new Set<string>();
    const now = Date.now();
    for (const { callerId } of calls) callers.add(callerId);
    for (const [id, { callerId, until }] of abandoned) {
      if (until <= now) abandoned.delete(id);
      else callers.add(callerId);
    }
    const [caller] = callers;
    return callers.size === 1 ? caller : undefined;
  }

  /** What names no call goes to the paired session, or to the calls in flight where all are of one caller. */
  function loose(method: string, params: JsonText | undefined): void {
    if (sessionId !== undefined && calls.size !== 1) events.sessionNote(sessionId, method, params);
    else if (soleCaller() !== undefined) for (const { exchange } of calls) exchange.note(method, params);
  }

  return {
    calls,
    begin(call) {
      calls.add(call);
    },
    end(id) {
      if (abandoned.size > 0) abandoned.delete(id);
      return calls.delete(id);
    },
    abandon(id) {
      const call = calls.delete(id);
      if (call === undefined) return undefined;
      const [oldest] = abandoned.keys();
      if (oldest !== undefined && abandoned.size >= MAX_ABANDONED) abandoned.delete(oldest);
      abandoned.set(id, { callerId: call.callerId, until: Date.now() + LINGER_MS });
      return call;
    },
    note(method, params) {
      if (!deliverChange(events, method, params)) loose(method, params);
    },
    async ask(ask) {
      if (ask.method === 'ping') return { result: EMPTY };
      if (!QUESTIONS.includes(ask.method)) return refuse(-32601, `Forge does not know ${ask.method.slice(0, 100)}`);
      const [call] = calls;
      if (call !== undefined && calls.size === 1 && soleCaller() !== undefined) {
        const answer = await options.askCall(call, ask);
        // A call that was answered without waiting for it had nothing to do with the question.
        const unrelated = !calls.has(call.id) && !abandoned.has(call.id);
        if (answer.error === undefined || !unrelated) return answer;
      }
      if (sessionId !== undefined) return events.sessionAsk(sessionId, ask);
      return refuse(-32600, 'There is no client request that this question can be attached to');
    },
  };
}

/** Reports what a notification says of the whole upstream. Whether it was such a one, or one that is nobody's. */
export function deliverChange(events: UpstreamEvents, method: string, params: JsonText | undefined): boolean {
  const kind = LIST_CHANGED.get(method);
  if (kind !== undefined) events.listChanged(kind);
  if (method === 'notifications/resources/updated') {
    const uri = params?.member('uri')?.value;
    if (params !== undefined && typeof uri === 'string') events.resourceUpdated(uri, params);
    return true;
  }
  if (method === 'notifications/tasks') {
    const taskId = params?.member('taskId')?.value;
    if (params !== undefined && typeof taskId === 'string') events.taskChanged?.(taskId, params);
    return true;
  }
  return kind !== undefined || UNHEARD.includes(method);
}

function refuse(code: number, message: string): Answer {
  return { error: { code, message } };
}
