/** @module What a job needs of its clients, whatever they are connected by; and how answers are checked. */
import type { Call } from './job.ts';
import { FIRST_ID, type Template } from './request.ts';
import type { Response } from './response-reader.ts';

/** Says what to send after a response (`undefined` before the first one); `undefined` ends the loop. */
export type Step = (previous: Response | undefined) => string | undefined;

/** Something with one request in flight at a time. */
export interface Lane {
  /** Whether the next response comes with its body. */
  capture: boolean;
  /** Sends what `step` says until it says `undefined`. Rejects when the connection fails or `step` throws. */
  loop(step: Step): Promise<void>;
}

/** All clients of one job. */
export interface Clients {
  /** The process under test. */
  readonly pid: number;
  readonly lanes: readonly Lane[];
  /** The bytes of a call by one of the lanes, around its id. */
  template(lane: number, call: Call): Template;
  /** Ends the sessions. */
  leave(): Promise<void>;
  /** Ends whatever is left. */
  close(): Promise<void>;
}

/** Ids that one lane may use before it would meet the next one's. */
const IDS_PER_LANE = 10_000_000;

/** The id before the first one of a lane. */
export function idsFrom(lane: number): number {
  return FIRST_ID + lane * IDS_PER_LANE;
}

/** Whose id that is. */
export function laneOf(id: number): number {
  return Math.floor((id - FIRST_ID) / IDS_PER_LANE);
}

/** Sends one request; its response, body included. */
export async function request(lane: Lane, text: string): Promise<Response> {
  let answer: Response | undefined;
  lane.capture = true;
  await lane.loop((previous) => {
    answer = previous;
    return previous === undefined ? text : undefined;
  });
  if (answer === undefined) throw new Error('unreachable');
  return answer;
}

/** @throws unless `response` is a result for `id`; `whole` looks at all of it. */
export function check({ status, bodyBytes, body, head }: Response, id: number, minBytes = 0, whole = true): void {
  const seen = () => `${head}\r\n\r\n${body?.subarray(0, 500).toString() ?? '(body not kept)'}`;
  if (status !== 200 || bodyBytes < minBytes) throw new Error(`Not the answer that was asked for:\n${seen()}`);
  if (body === undefined) return;
  if (!body.includes(`"id":${id}`)) throw new Error(`The answer to ${id} is for another request:\n${seen()}`);
  if (!whole) return;
  const message = JSON.parse(messageIn(body.toString())) as { id: unknown; result?: { isError?: boolean } };
  if (message.id !== id || message.result === undefined || message.result.isError === true)
    throw new Error(`Not a result:\n${seen()}`);
}

/** The answer in a body of JSON, or of server-sent events: the programs of others answer with those. */
function messageIn(body: string): string {
  return body.startsWith('{') ? body : (/^data: ?(\{.*)$/m.exec(body)?.[1] ?? body);
}
