/** @module The client's side of a call, as the suite of upstreams needs it. */
import {
  type Answer,
  type Client,
  type Exchange,
  type ExchangeRequest,
  JsonText,
  type Outcome,
  type Upstream,
  type UpstreamEvents,
} from '@forge/protocol';

const CLIENT: Client = {
  era: 'modern',
  protocolVersion: '2026-07-28',
  caller: { id: 'alice' },
  capabilities: new JsonText('{}'),
};

/** Events that nobody listens to. */
export const NO_EVENTS: UpstreamEvents = {
  listChanged() {},
  resourceUpdated() {},
  sessionNote() {},
  sessionAsk: () => Promise.resolve({ error: { code: -32600, message: 'nobody to ask' } }),
  lost() {},
};

/** A call in flight. */
export interface Made {
  readonly outcome: Promise<Outcome>;
  /** Params of its progress notifications so far. */
  readonly progress: readonly Record<string, unknown>[];
  cancel(): void;
}

/** Sends a request. */
export function send(upstream: Upstream, method: string, params?: Readonly<Record<string, unknown>>): Made {
  const progress: Record<string, unknown>[] = [];
  let listener: ((reason: string | undefined) => void) | undefined;
  let cancelled = false;
  const exchange: Exchange = {
    note(noted, text) {
      if (noted === 'notifications/progress') progress.push(text?.value as Record<string, unknown>);
    },
    ask: (): Promise<Answer> => Promise.resolve({ error: { code: -32600, message: 'nobody to ask' } }),
    get cancelled() {
      return cancelled;
    },
    onCancel(heard) {
      if (cancelled) heard('changed my mind');
      else listener = heard;
    },
  };
  const request: ExchangeRequest = {
    method,
    params: params && JsonText.of(params),
    target: params?.['name'] as string | undefined,
    client: CLIENT,
    progressToken: '"mine"',
  };
  return {
    outcome: upstream.call(request, exchange),
    progress,
    cancel() {
      cancelled = true;
      listener?.('changed my mind');
    },
  };
}

/** Calls a tool. */
export function call(upstream: Upstream, name: string, args: object = {}): Made {
  return send(upstream, 'tools/call', { name, arguments: args, _meta: { progressToken: 'mine' } });
}

/** The text of a result that is none of an error. @throws with what came instead */
export function textOf(outcome: Outcome): string {
  const failure = failureOf(outcome);
  if (failure !== undefined) throw new Error(failure);
  return outcome.result ? contentOf(outcome.result) : '';
}

/** What an outcome says went wrong: the message of an error, or the text of a result with `isError`. */
export function failureOf(outcome: Outcome): string | undefined {
  if (outcome.error) return outcome.error.message;
  const { isError } = outcome.result.value as { isError?: boolean };
  return isError === true ? contentOf(outcome.result) : undefined;
}

function contentOf(result: JsonText): string {
  const { content } = result.value as { content: readonly { readonly text?: string }[] };
  return content.map(({ text }) => text ?? '').join('');
}
