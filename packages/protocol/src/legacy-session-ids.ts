/**
 * @module Ids of legacy sessions. With a key, an id carries what its session knows from `initialize`, sealed, so that any
 * process with the key can go on with a session that it has never seen, or has forgotten.
 */
import type { Offers } from './capabilities.ts';
import type { Endpoint } from './endpoint.ts';
import type { Caller } from './exchange.ts';
import { JsonText } from './json-text.ts';
import type { SessionFacts } from './legacy-opening.ts';
import { randomId } from './random-id.ts';
import { Seal } from './seal.ts';

/** Characters of an id: it comes with every request, and servers in between bound headers. */
export const MAX_ID_CHARS = 1536;

/** Options of {@link SessionIds}. */
export interface SessionIdsOptions {
  /** Seals ids; 32 bytes. Without it ids mean nothing to anyone else. */
  readonly key?: Uint8Array | undefined;
  /**
   * How long after `initialize` an id still carries its session, in ms.
   * @default 604_800_000 (7 days)
   */
  readonly maxAgeMs?: number | undefined;
  /** Ids that carry nothing: visible ASCII that cannot be guessed. @default 128 random bits */
  readonly newSessionId?: (() => string) | undefined;
}

const PREFIX = 'forge-session.';
const WEEK_MS = 604_800_000;
const OFFERS = ['tools', 'prompts', 'resources', 'subscribe'] as const satisfies readonly (keyof Offers)[];

/** Makes ids and reads them. */
export class SessionIds {
  readonly #seal: Seal | undefined;
  readonly #maxAgeMs: number;
  readonly #random: () => string;
  readonly #now: () => number;

  constructor({ key, maxAgeMs = WEEK_MS, newSessionId = randomId }: SessionIdsOptions, now: () => number) {
    this.#seal = key && new Seal(PREFIX, key);
    this.#maxAgeMs = maxAgeMs;
    this.#random = newSessionId;
    this.#now = now;
  }

  /** An id that carries these facts; a random one without a key, and where they are too long. */
  async make(facts: SessionFacts): Promise<string> {
    if (this.#seal === undefined) return this.#random();
    const context = contextOf(facts.endpoint, facts.caller);
    for (const infoOf of [whole, essence]) {
      const plain = this.#format(facts, infoOf(facts.info));
      if (plain.length > MAX_ID_CHARS) continue; // the seal makes nothing shorter
      const id = await this.#seal.seal(plain, context);
      if (id.length <= MAX_ID_CHARS) return id;
    }
    return this.#random();
  }

  /** Whether an id may carry a session, by its looks. */
  mayCarry(id: string): boolean {
    return this.#seal !== undefined && id.startsWith(PREFIX) && id.length <= MAX_ID_CHARS;
  }

  /** What an id carries; `undefined` when it is too old, or was not made for this caller at this endpoint. */
  async read(id: string, endpoint: Endpoint, caller: Caller): Promise<SessionFacts | undefined> {
    const plain = await this.#seal?.unseal(id, contextOf(endpoint, caller));
    if (plain === undefined) return undefined;
    const [protocolVersion, opened, offers, capabilities, info] = new JsonText(plain).elements();
    if (capabilities === undefined || Number(opened?.value) + this.#maxAgeMs <= this.#now()) return undefined;
    const offered = offers?.value as readonly (keyof Offers)[];
    return {
      endpoint,
      caller,
      protocolVersion: String(protocolVersion?.value),
      offers: Object.fromEntries(OFFERS.map((kind) => [kind, offered.includes(kind)])) as Record<keyof Offers, boolean>,
      capabilities,
      info,
    };
  }

  #format({ protocolVersion, offers, capabilities }: SessionFacts, info: JsonText | undefined): string {
    const offered = JSON.stringify(OFFERS.filter((kind) => offers[kind]));
    const parts = [JSON.stringify(protocolVersion), this.#now(), offered, capabilities.text];
    return `[${(info === undefined ? parts : [...parts, info.text]).join(',')}]`;
  }
}

/** Whose session it is, and where: an id opens for nobody else, and nowhere else. */
function contextOf(endpoint: Endpoint, caller: Caller): string {
  return JSON.stringify([endpoint.key, caller.id]);
}

const whole = (info: JsonText | undefined): JsonText | undefined => info;

/** What upstreams cannot do without of `Implementation`: the rest is for people to look at. */
function essence(info: JsonText | undefined): JsonText | undefined {
  return info && JsonText.of({ name: info.member('name')?.value, version: info.member('version')?.value });
}
