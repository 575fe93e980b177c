/** @module `subscriptions/listen` (2026-07-28, Subscriptions): streams of changes, as many as the edge has room for. */
import { atMost } from './at-most.ts';
import { honoured, offersOf } from './capabilities.ts';
import type { ClientExchange } from './client-exchange.ts';
import type { Endpoint, ListenFilter } from './endpoint.ts';
import { ForgeError } from './errors.ts';
import type { Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { formatNotification } from './message.ts';
import { needsTasks, takesTasks } from './tasks.ts';
import { META } from './versions.ts';

/** Resources that one subscription may name, and tasks. */
export const MAX_SUBSCRIBED = 1000;

const EMPTY = new JsonText('{}');
const RETRY_AFTER = 5;

/** How long a client waits at most for its servers to listen before it is told that they do, in ms. */
export const READY_MS = 2000;

/** Which notification a member of the filter lets through. */
const NOTES: ReadonlyMap<string, keyof ListenFilter> = new Map([
  ['notifications/tools/list_changed', 'toolsListChanged'],
  ['notifications/prompts/list_changed', 'promptsListChanged'],
  ['notifications/resources/list_changed', 'resourcesListChanged'],
  ['notifications/resources/updated', 'resourceSubscriptions'],
  ['notifications/tasks', 'taskIds'],
]);

/** The open subscriptions of one edge. */
export class Subscriptions {
  readonly #max: number;
  readonly #open = new Set<() => void>();
  #closed = false;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#open.size;
  }

  /**
   * Serves one `subscriptions/listen`: acknowledges it, then passes on what was asked for and is offered. Resolves when
   * the subscription ends, with the result of a graceful end.
   *
   * @throws ForgeError `overloaded`, `not_acceptable`, `invalid_params`, `missing_client_capability`
   */
  async serve(endpoint: Endpoint, exchange: ClientExchange): Promise<Outcome> {
    const { client, params } = exchange.request;
    if (!exchange.takesEvents) throw new ForgeError('not_acceptable', 'subscriptions/listen needs text/event-stream');
    const wanted = readFilter(params);
    if (wanted.taskIds !== undefined && !takesTasks(client)) throw needsTasks();
    const { capabilities } = await endpoint.describe(client.caller);
    let filter = honoured(wanted, offersOf(capabilities));
    if (filter.taskIds !== undefined && endpoint.ownTasks !== undefined) {
      filter = { ...filter, taskIds: await endpoint.ownTasks(filter.taskIds, client.caller) };
    }
    if (this.#closed || this.#open.size >= this.#max) {
      throw new ForgeError('overloaded', 'No more subscriptions at present', { retryAfter: RETRY_AFTER });
    }
    if (exchange.cancelled) return ending(exchange.id);
    return this.#run(endpoint, exchange, filter);
  }

  /** Ends every subscription with its result, at once, and takes no more. */
  close(): void {
    this.#closed = true;
    for (const finish of this.#open) finish();
  }

  #run(endpoint: Endpoint, exchange: ClientExchange, filter: ListenFilter): Promise<Outcome> {
    const { id, request } = exchange;
    let acknowledged = false;
    /** At the latest when there is something to tell: it comes first. */
    const acknowledge = (): void => {
      if (acknowledged || exchange.cancelled) return;
      acknowledged = true;
      const params = tagged(JsonText.of({ notifications: filter }), id);
      exchange.send(formatNotification('notifications/subscriptions/acknowledged', params));
    };
    const note = (method: string, params: JsonText | undefined) => {
      const member = NOTES.get(method);
      if (exchange.cancelled || member === undefined || filter[member] === undefined) return;
      acknowledge();
      exchange.send(formatNotification(method, tagged(params ?? EMPTY, id)));
    };
    const listening = endpoint.listen(request.client, filter, { note });
    if (listening.ready === undefined) acknowledge();
    else void atMost(READY_MS, listening.ready).then(acknowledge);
    return new Promise((resolve) => {
      const finish = () => {
        acknowledge();
        this.#open.delete(finish);
        listening.close();
        exchange.finish(200, ending(id));
        resolve(ending(id));
      };
      this.#open.add(finish);
      exchange.onCancel(finish);
    });
  }
}

function readFilter(params: JsonText | undefined): ListenFilter {
  const filter = params?.member('notifications');
  if (!filter?.isObject) throw new ForgeError('invalid_params', 'params.notifications must be an object');
  const wanted = filter.value as ListenFilter;
  for (const member of ['resourceSubscriptions', 'taskIds'] as const) checkStrings(member, wanted[member]);
  return wanted;
}

function checkStrings(member: string, named: unknown): void {
  if (named === undefined) return;
  if (!Array.isArray(named) || !named.every((name) => typeof name === 'string')) {
    throw new ForgeError('invalid_params', `${member} must be an array of strings`);
  }
  if (named.length > MAX_SUBSCRIBED) {
    throw new ForgeError('invalid_params', `${member} may have at most ${MAX_SUBSCRIBED} elements`);
  }
}

/** Says which subscription a message belongs to. `id` is the raw JSON of the listen request's id. */
function tagged(object: JsonText, id: string): JsonText {
  const present = object.member('_meta');
  const meta = (present?.isObject === true ? present : EMPTY).with({ [META.subscriptionId]: id });
  return object.with({ _meta: meta.text });
}

function ending(id: string): Outcome {
  return { era: 'modern', result: tagged(new JsonText('{"resultType":"complete"}'), id) };
}
