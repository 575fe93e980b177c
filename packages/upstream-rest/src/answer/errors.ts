/** @module What the upstream says went wrong, in words that say what to do. */
import type { OutgoingAnswer } from '@forge/outgoing';
import type { Outcome } from '@forge/protocol';
import { decodeText, isText, maybeJson, mediaTypeOf } from './media.ts';
import { errorResult } from './result.ts';

/** Characters of an error's text that are passed on. */
const MAX_TEXT = 8192;

const ADVICE: Readonly<Record<number, string>> = {
  400: 'The arguments are probably wrong',
  401: 'The upstream does not accept the credentials that the gateway has for it; an administrator must set them',
  403: 'The credentials that the gateway has for it do not allow this',
  404: 'There is no such thing; look at the arguments',
  405: 'The upstream does not know this method here; an administrator must correct the tool',
  408: 'It may be tried again',
  409: 'It conflicts with the present state; read that first',
  410: 'It is gone for good',
  413: 'The arguments are too long',
  415: 'The upstream does not take this type of body; an administrator must correct the tool',
  422: 'The arguments are probably wrong',
  429: 'The upstream is called too often',
};

/** How a call was made. */
export interface Made {
  readonly method: string;
  /** Times that it was sent. */
  readonly attempts: number;
  /** What the upstream asked to wait, in ms. */
  readonly retryAfterMs: number | undefined;
  /** Takes secrets out. */
  redact(text: string): string;
}

/** An answer with a status of an error, as a result. */
export function statusResult(answer: OutgoingAnswer, { method, attempts, retryAfterMs, redact }: Made): Outcome {
  const { status, url } = answer;
  const advice = ADVICE[status] ?? (status >= 500 ? 'The upstream failed; it may be tried again later' : undefined);
  const tried = attempts > 1 ? `, after ${attempts} attempts` : '';
  const wait = retryAfterMs === undefined ? '' : ` Try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
  const head = `HTTP ${status} from ${method} ${url.origin}${url.pathname}${tried}.${advice ? ` ${advice}.` : ''}${wait}`;
  const said = textOf(answer);
  const retryAfter = retryAfterMs === undefined ? undefined : Math.ceil(retryAfterMs / 1000);
  return errorResult(redact(said === '' ? head : `${head}\n\n${said}`), {
    'forge/http': { status, attempts, retryAfter },
  });
}

function textOf({ body, headers, isTooLong }: OutgoingAnswer): string {
  if (isTooLong) return '(The text of the error is too long to be passed on.)';
  const type = mediaTypeOf(headers);
  const text = isText(type) || maybeJson(type) ? decodeText(body, type)?.trim() : undefined;
  if (text === undefined) return body.length === 0 ? '' : `(${body.length} bytes of ${type.name})`;
  return text.length <= MAX_TEXT
    ? text
    : `${text.slice(0, MAX_TEXT)}\n(The first ${MAX_TEXT} of ${text.length} characters.)`;
}
