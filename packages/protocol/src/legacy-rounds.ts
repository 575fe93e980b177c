/**
 * @module A modern server's `input_required` (2026-07-28, Multi Round-Trip Requests) carried to a legacy client: each input
 * request is sent as a request of its own era, and the call is made again with the answers.
 */
import { refusalToAsk } from './capabilities.ts';
import type { ClientExchange } from './client-exchange.ts';
import { ForgeError } from './errors.ts';
import type { Answer, Ask, ExchangeRequest, Outcome } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { MAX_ASKS } from './legacy-asks.ts';
import { errorOutcome } from './outcome.ts';
import { randomId } from './random-id.ts';
import { ASKING } from './shapes.ts';

/** Rounds that one call may take. */
export const MAX_ROUNDS = 8;

/** Before a server that asks nothing is called again, in ms; doubles with each round. */
const PAUSE_MS = 100;

const CANCEL = '{"action":"cancel"}';

/** Why a call cannot go on. */
class CannotAsk extends Error {}

/** Whether the server wants input before it can finish. */
export function asksForInput(outcome: Outcome): boolean {
  return outcome.era === 'modern' && outcome.result?.member('resultType')?.text === '"input_required"';
}

/**
 * Gets the server what it asks for until it asks no more.
 *
 * @param call makes the call again
 */
export async function answerRounds(
  asked: Outcome,
  exchange: ClientExchange,
  call: (request: ExchangeRequest) => Promise<Outcome>,
): Promise<Outcome> {
  let outcome = asked;
  try {
    for (let round = 0; asksForInput(outcome); round += 1) {
      // The call that has ended must not hear of a cancellation.
      exchange.onCancel(() => undefined);
      const params = await nextParams(outcome.result ?? new JsonText('{}'), exchange, round);
      if (exchange.cancelled) return errorOutcome(new ForgeError('cancelled'));
      outcome = await call({ ...exchange.request, params });
    }
    return outcome;
  } catch (thrown) {
    if (thrown instanceof CannotAsk) return failure(exchange.request.method, thrown.message);
    throw thrown;
  }
}

/** `params` of the call with what this round yields: the answers, and the very `requestState`. */
async function nextParams(result: JsonText, exchange: ClientExchange, round: number): Promise<JsonText> {
  const { method, params } = exchange.request;
  if (!ASKING.has(method)) throw new CannotAsk(`The server must not ask for input on ${method}`);
  if (round === MAX_ROUNDS) throw new CannotAsk(`The server asked for input more than ${MAX_ROUNDS} times`);
  void result.value; // no JSON to the last character: nothing of it must reach the client
  const asks = readAsks(result, exchange);
  const state = result.member('requestState')?.text;
  if (asks.length === 0 && state === undefined) throw new CannotAsk('The server asks for input, but not for which');
  if (asks.length === 0) await pause(PAUSE_MS * 2 ** round);
  const responses = await Promise.all(
    asks.map(async ([key, ask]) => `${JSON.stringify(key)}:${answerText(ask, await exchange.ask(ask))}`),
  );
  const inputResponses = asks.length === 0 ? undefined : `{${responses.join(',')}}`;
  return (params ?? new JsonText('{}')).with({ inputResponses, requestState: state });
}

/** All of them can be asked, or none is. */
function readAsks(result: JsonText, { request }: ClientExchange): (readonly [key: string, ask: Ask])[] {
  const entries = [...(result.member('inputRequests')?.members() ?? [])];
  if (entries.length > MAX_ASKS) throw new CannotAsk(`The server asks for more than ${MAX_ASKS} inputs at once`);
  return entries.map(([key, input]) => {
    const ask = { method: String(input.member('method')?.value), params: input.member('params') };
    const refusal = ask.method === 'ping' ? 'A ping is no input' : refusalToAsk(request.client.capabilities, ask);
    if (refusal !== undefined) throw new CannotAsk(`The server asks for input that cannot be had. ${refusal}`);
    return [key, withElicitationId(ask)] as const;
  });
}

/** Legacy clients are promised an id by which they might hear that a visit is complete (2025-11-25, Elicitation). */
function withElicitationId({ method, params }: Ask): Ask {
  const isVisit = params?.member('mode')?.value === 'url' && !params.has('elicitationId');
  return { method, params: isVisit ? params.with({ elicitationId: JSON.stringify(randomId()) }) : params };
}

/**
 * Only an elicitation has a form for not being answered; what else fails ends the call, since the server does not wait
 * (2026-07-28, Sampling, Error Handling; Roots, Error Handling).
 */
function answerText({ method }: Ask, { result, error }: Answer): string {
  if (result?.isObject === true) return result.text;
  if (method === 'elicitation/create') return CANCEL;
  throw new CannotAsk(`The client did not answer ${method}: ${error?.message ?? 'its result is no object'}`);
}

/** A failing tool is the model's to read; anything else is an error. */
function failure(method: string, message: string): Outcome {
  if (method !== 'tools/call') return errorOutcome(new ForgeError('upstream_error', message));
  return {
    era: 'modern',
    result: JsonText.of({ resultType: 'complete', content: [{ type: 'text', text: message }], isError: true }),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
