/**
 * @module What Forge keeps being told of by an upstream outside of calls, in either era: `subscriptions/listen`, held open
 * (Patterns, Subscriptions), or `resources/subscribe` (2025-11-25, Resources).
 */
import { honoured, offersOf } from './capabilities.ts';
import type { ListenFilter, ServerDescription } from './endpoint.ts';
import { discoverParams } from './era-probe.ts';
import type { Answer } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { unref } from './legacy-asks.ts';
import type { OwnRequest } from './rpc-link.ts';
import { TASKS_CAPABILITIES } from './tasks.ts';
import type { UpstreamEvents } from './upstream.ts';

/** What is watched on one upstream. */
export interface Watch {
  /** Replaces the URIs and the task ids, as {@link Upstream.watch} does. Nothing is asked of the upstream before the first time. */
  update(uris: ReadonlySet<string>, taskIds?: ReadonlySet<string>): PromiseLike<unknown> | undefined;
  close(): void;
}

/** What {@link createListenWatch} and {@link createSubscribeWatch} work on. */
export interface WatchOptions {
  readonly description: ServerDescription;
  readonly protocolVersion: string;
  readonly clientInfo: JsonText;
  readonly events: UpstreamEvents;
  /**
   * Sends a request of Forge's own; the answer to `subscriptions/listen` may take for ever.
   *
   * @param target what it is about, where its method has that
   */
  request(method: string, params: JsonText, target?: string): OwnRequest;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
/** How long what is on its way may take. */
const LEAVE_MS = 500;
const NONE: ReadonlySet<string> = new Set();
const LISTS = ['tools', 'prompts', 'resources'] as const;

/**
 * Holds `subscriptions/listen` open while there is something to listen for. Tasks have a stream of their own: they come
 * and go, and an upstream that refuses one must not be silent about everything else.
 */
export function createListenWatch(options: WatchOptions): Watch {
  const { events, protocolVersion, clientInfo } = options;
  const offers = offersOf(options.description.capabilities);
  const forTasks = discoverParams(protocolVersion, clientInfo, TASKS_CAPABILITIES);
  const changes = holdListen(options, discoverParams(protocolVersion, clientInfo), (again) => {
    if (again) for (const kind of LISTS) if (offers[kind]) events.listChanged(kind);
  });
  const tasks = holdListen(options, forTasks, (again) => {
    if (again) known.clear();
    for (const taskId of watched) if (!known.has(taskId)) catchUp(taskId);
  });
  let watched = NONE;
  /** Watched tasks whose state has been asked for since the upstream listens. */
  const known = new Set<string>();

  /** A task may have changed before the upstream listened; it says in the same words how it stands. */
  function catchUp(taskId: string): void {
    known.add(taskId);
    const params = forTasks.with({ taskId: JSON.stringify(taskId) });
    const told = ({ result }: Answer): void =>
      result && events.taskChanged?.(taskId, result.with({ resultType: undefined, _meta: undefined }));
    options.request('tasks/get', params, taskId).answer.then(told, ignore);
  }

  function textOf(wanted: ListenFilter): string | undefined {
    const filter = honoured(wanted, offers);
    return Object.keys(filter).length === 0 ? undefined : JSON.stringify(filter);
  }

  return {
    update(uris, taskIds = NONE) {
      const lists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
      const filter = uris.size === 0 ? lists : { ...lists, resourceSubscriptions: [...uris].toSorted() };
      const told = changes.update(textOf(filter));
      watched = taskIds;
      for (const taskId of known) if (!taskIds.has(taskId)) known.delete(taskId);
      tasks.update(taskIds.size === 0 ? undefined : textOf({ taskIds: [...taskIds].toSorted() }));
      return told;
    },
    close() {
      changes.update(undefined);
      tasks.update(undefined);
    },
  };
}

/**
 * One `subscriptions/listen`, open while it has a filter; a stream that ends is opened again.
 *
 * @param listens called when the upstream has begun to listen, with whether it had stopped: what happened meanwhile is not known
 */
function holdListen(options: WatchOptions, params: JsonText, listens: (again: boolean) => void) {
  let current: OwnRequest | undefined;
  /** The one that was acknowledged last. */
  let live: OwnRequest | undefined;
  /** The one before: over HTTP, what it was sent ahead of that may come after it. */
  let leaving: OwnRequest | undefined;
  let left: ReturnType<typeof setTimeout> | undefined;
  let retryMs = FIRST_RETRY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted: string | undefined; // the filter that stands, as text
  /** When the upstream has answered it in some way. */
  let told: Promise<void> | undefined;

  function open(filter: string, again: boolean): void {
    const openedAt = Date.now();
    const request = options.request('subscriptions/listen', params.with({ notifications: filter }));
    current = request;
    told = new Promise((resolve) => {
      request.acknowledged = () => {
        resolve();
        if (request !== current || request === live) return;
        leave(live);
        live = request;
        listens(again);
      };
      request.answer.then(() => resolve(), resolve);
    });
    // An error means that asking again would not help; a changed set asks again.
    const ended = ({ error }: Answer): void =>
      error === undefined ? reopen(request, Date.now() - openedAt) : undefined;
    request.answer.then(ended, () => reopen(request, Date.now() - openedAt));
  }

  /** Lets a stream go after a while, and at once the one that was about to go. */
  function leave(before?: OwnRequest): void {
    clearTimeout(left);
    leaving?.cancel();
    leaving = before;
    if (before === undefined) return;
    left = setTimeout(leave, LEAVE_MS);
    unref(left);
  }

  function reopen(ended: OwnRequest, heldMs: number): void {
    if (ended !== current || wanted === undefined) return;
    if (heldMs > LAST_RETRY_MS) retryMs = FIRST_RETRY_MS;
    timer = setTimeout(() => {
      if (wanted !== undefined) open(wanted, true);
    }, retryMs);
    unref(timer);
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  return {
    update(filter: string | undefined): PromiseLike<void> | undefined {
      if (filter === wanted) return told;
      clearTimeout(timer);
      const before = current;
      wanted = filter;
      current = undefined;
      if (filter !== undefined) open(filter, false);
      if (before !== live) before?.cancel();
      if (filter !== undefined) return told;
      leave();
      live?.cancel();
      live = undefined;
      return undefined;
    },
  };
}

/** Subscribes on a legacy session, one URI after the other. */
export function createSubscribeWatch(options: WatchOptions): Watch {
  const { subscribe } = offersOf(options.description.capabilities);
  let watched = NONE;
  let told: PromiseLike<unknown> | undefined;

  function send(method: string, uri: string): void {
    // A resource that cannot be subscribed to is simply not heard of; the upstream may have its reasons.
    told = Promise.all([told, options.request(method, JsonText.of({ uri })).answer.catch(ignore)]);
  }

  return {
    update(uris) {
      if (!subscribe) return undefined;
      for (const uri of uris) if (!watched.has(uri)) send('resources/subscribe', uri);
      for (const uri of watched) if (!uris.has(uri)) send('resources/unsubscribe', uri);
      watched = new Set(uris);
      return told;
    },
    close() {
      watched = NONE;
    },
  };
}

function ignore(): void {
  // what it was sent on is gone, and with it the subscription: it is made anew on what comes next
}
