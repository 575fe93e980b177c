/**
 * @module What Forge keeps being told of by an upstream outside of calls, in either era: `subscriptions/listen`, held open
 * (Patterns, Subscriptions), or `resources/subscribe` (2025-11-25, Resources).
 */
import { honoured, offersOf } from './capabilities.ts';
import type { ServerDescription } from './endpoint.ts';
import { discoverParams } from './era-probe.ts';
import type { Answer } from './exchange.ts';
import { JsonText } from './json-text.ts';
import type { OwnRequest } from './rpc-link.ts';
import type { UpstreamEvents } from './upstream.ts';

/** The resources watched on one upstream. */
export interface Watch {
  /** Replaces the whole set of URIs. Nothing is asked of the upstream before the first time. */
  update(uris: ReadonlySet<string>): void;
  close(): void;
}

/** What {@link createListenWatch} and {@link createSubscribeWatch} work on. */
export interface WatchOptions {
  readonly description: ServerDescription;
  readonly protocolVersion: string;
  readonly clientInfo: JsonText;
  readonly events: UpstreamEvents;
  /** Sends a request of Forge's own; its answer may take for ever. */
  request(method: string, params: JsonText): OwnRequest;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 60_000;
const LISTS = ['tools', 'prompts', 'resources'] as const;

/** Holds one `subscriptions/listen` open while there is something to listen for; a stream that ends is opened again. */
export function createListenWatch(options: WatchOptions): Watch {
  const offers = offersOf(options.description.capabilities);
  let uris: readonly string[] = [];
  let current: OwnRequest | undefined;
  let retryMs = FIRST_RETRY_MS;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let wanted: string | undefined; // the filter that stands, as text

  function open(filter: string): OwnRequest {
    const openedAt = Date.now();
    const { protocolVersion, clientInfo } = options;
    const request = options.request(
      'subscriptions/listen',
      discoverParams(protocolVersion, clientInfo).with({ notifications: filter }),
    );
    // An error means that asking again would not help; a changed set asks again.
    const ended = ({ error }: Answer): void =>
      error === undefined ? again(request, Date.now() - openedAt) : undefined;
    request.answer.then(ended, () => again(request, Date.now() - openedAt));
    return request;
  }

  function again(ended: OwnRequest, heldMs: number): void {
    if (ended !== current || wanted === undefined) return;
    if (heldMs > LAST_RETRY_MS) retryMs = FIRST_RETRY_MS;
    timer = setTimeout(() => {
      if (wanted === undefined) return;
      current = open(wanted);
      current.acknowledged = announce;
    }, retryMs);
    if (typeof timer === 'object') timer.unref();
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  }

  /** What happened while nobody listened is not known. */
  function announce(): void {
    for (const kind of LISTS) if (offers[kind]) options.events.listChanged(kind);
  }

  function apply(filter: string | undefined): void {
    if (filter === wanted) return;
    clearTimeout(timer);
    const before = current;
    wanted = filter;
    // The new stream is asked for before the old one goes, so that nothing is missed in between.
    current = filter === undefined ? undefined : open(filter);
    before?.cancel();
  }

  function filterText(): string | undefined {
    const lists = { toolsListChanged: true, promptsListChanged: true, resourcesListChanged: true };
    const filter = honoured(uris.length === 0 ? lists : { ...lists, resourceSubscriptions: uris }, offers);
    return Object.keys(filter).length === 0 ? undefined : JSON.stringify(filter);
  }

  return {
    update(set) {
      uris = [...set].toSorted();
      apply(filterText());
    },
    close: () => apply(undefined),
  };
}

/** Subscribes on a legacy session, one URI after the other. */
export function createSubscribeWatch(options: WatchOptions): Watch {
  const { subscribe } = offersOf(options.description.capabilities);
  let watched: ReadonlySet<string> = new Set();

  function send(method: string, uri: string): void {
    // A resource that cannot be subscribed to is simply not heard of; the upstream may have its reasons.
    options.request(method, JsonText.of({ uri })).answer.catch(ignore);
  }

  return {
    update(uris) {
      if (!subscribe) return;
      for (const uri of uris) if (!watched.has(uri)) send('resources/subscribe', uri);
      for (const uri of watched) if (!uris.has(uri)) send('resources/unsubscribe', uri);
      watched = new Set(uris);
    },
    close() {
      watched = new Set();
    },
  };
}

function ignore(): void {
  // the session that it was sent on is gone, and with it the subscription
}
