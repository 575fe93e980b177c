/** @module A credential that changes with time: asked for with each request, renewed when the upstream refuses it. */
import type { ForgeError, SseDecoder, SseEvent } from '@forge/protocol';
import type { ReplyHeaders, ReplyListener } from './wire-reply.ts';

/** What an upstream said to a request without a good credential. It was not carried out. */
export interface Refused {
  readonly status: 401 | 403;
  /** The `Authorization` that was sent. */
  readonly used: string | undefined;
  /** `WWW-Authenticate`. */
  readonly challenge: string | undefined;
}

/** Where the `Authorization` comes from of requests that bring none of their own. */
export interface CredentialSource {
  /** What to send now. */
  authorization(): string | undefined;
  /**
   * Tries to come by a better one. Resolves with whether there is one now; the request is then sent once more. Rejects
   * never.
   */
  refused(refused: Refused): Promise<boolean>;
}

/** Something that can be given up: the listener hears nothing more. */
export interface Sent {
  stop(): void;
}

/** Sends with the source's credential, once more with a better one where the first was refused. */
export function sendWithCredential(
  source: CredentialSource,
  send: (authorization: string | undefined, listener: ReplyListener) => Sent,
  listener: ReplyListener,
): Sent {
  const used = source.authorization();
  let stopped = false;
  let sent = send(used, new Guard(listener, renew));

  async function renew(refused: Omit<Refused, 'used'>, pass: () => void): Promise<void> {
    const better = await source.refused({ ...refused, used });
    if (stopped) return;
    if (better) sent = send(source.authorization(), listener);
    else pass();
  }

  return {
    stop() {
      stopped = true;
      sent.stop();
    },
  };
}

type Renew = (refused: Omit<Refused, 'used'>, pass: () => void) => Promise<void>;

/** Passes everything on but a refusal. */
class Guard implements ReplyListener {
  readonly #listener: ReplyListener;
  readonly #renew: Renew;

  constructor(listener: ReplyListener, renew: Renew) {
    this.#listener = listener;
    this.#renew = renew;
  }

  body(status: number, text: string, headers: ReplyHeaders): void {
    if (status !== 401 && status !== 403) return this.#listener.body(status, text, headers);
    const challenge = headers['www-authenticate'];
    void this.#renew({ status, challenge: Array.isArray(challenge) ? challenge.join(', ') : challenge }, () =>
      this.#listener.body(status, text, headers),
    );
  }

  open(headers: ReplyHeaders): void {
    this.#listener.open?.(headers);
  }

  event(event: SseEvent): void {
    this.#listener.event(event);
  }

  end(decoder: SseDecoder, error: ForgeError | undefined): void {
    this.#listener.end(decoder, error);
  }

  fail(error: ForgeError): void {
    this.#listener.fail(error);
  }
}
