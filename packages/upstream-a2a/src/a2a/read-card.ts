/** @module An agent's card: fetched, checked and brought to one form, whichever revision it is of. */
import { AgentCard, A2A_PROTOCOL_VERSION, A2A_VERSION_HEADER } from '@a2a-js/sdk';
import { isLegacyAgentCard, parseLegacyAgentCard } from '@a2a-js/sdk/compat/v0_3/client';
import { ForgeError, parseJson } from '@forge/protocol';
import { MAX_SKILLS } from '../config.ts';

/** Bytes of a card. */
export const MAX_CARD_BYTES = 1_048_576;

/** A card as it was read. */
export interface ReadCard {
  readonly card: AgentCard;
  /** As it was sent, parsed. */
  readonly raw: Readonly<Record<string, unknown>>;
  readonly url: URL;
}

/** Where cards are (A2A 1.0, 8.2; before 0.3 under another name). */
const WELL_KNOWN = ['.well-known/agent-card.json', '.well-known/agent.json'];

/**
 * Fetches the card of an agent.
 *
 * @param url of the card, if it ends in `.json`; otherwise of the agent, below which the card is looked for, and then
 *   below the host
 * @throws ForgeError `upstream_error` when there is none, or what is there is none; what `fetch` rejects with
 */
export async function readCard(url: URL, fetcher: typeof fetch, signal: AbortSignal): Promise<ReadCard> {
  const places = placesOf(url);
  for (const place of places) {
    const headers = { accept: 'application/json', [A2A_VERSION_HEADER]: A2A_PROTOCOL_VERSION };
    const response = await fetcher(place, { headers, signal });
    if (response.status === 200) return parseCard(await response.text(), place);
    await response.body?.cancel();
    if (response.status !== 404) throw unusable(`${place.href} answered with HTTP ${response.status}`);
  }
  throw new ForgeError(
    'upstream_error',
    `There is no agent card at ${places.map(({ href }) => href).join(' nor at ')}`,
  );
}

function placesOf(url: URL): readonly URL[] {
  if (url.pathname.endsWith('.json')) return [url];
  const below = url.href.replace(/[?#].*$/, '').replace(/\/?$/, '/');
  const hrefs = [below, `${url.origin}/`].flatMap((base) => WELL_KNOWN.map((path) => new URL(path, base).href));
  return [...new Set(hrefs)].map((href) => new URL(href));
}

function parseCard(text: string, url: URL): ReadCard {
  try {
    const raw = parseJson(text) as Record<string, unknown>;
    const card = isLegacyAgentCard(raw) ? parseLegacyAgentCard(filled(raw)) : AgentCard.fromJSON(raw);
    if (card.name === '' || card.supportedInterfaces.length === 0) throw new Error('it names no agent or no interface');
    if (card.skills.length > MAX_SKILLS) throw new Error(`it has more than ${MAX_SKILLS} skills`);
    return { card, raw, url };
  } catch (cause) {
    throw unusable(`what is at ${url.href} is no agent card: ${(cause as Error).message.slice(0, 200)}`, cause);
  }
}

/** The SDK insists on members that agents of 0.3 leave out. */
function filled(raw: Readonly<Record<string, unknown>>): object {
  const modes = { defaultInputModes: [], defaultOutputModes: [] };
  const skills = Array.isArray(raw['skills']) ? (raw['skills'] as object[]) : [];
  const whole = skills.map((skill) => ({ name: '', description: '', tags: [], ...skill }));
  return { description: '', version: '', capabilities: {}, ...modes, ...raw, skills: whole };
}

function unusable(why: string, cause?: unknown): ForgeError {
  return new ForgeError('upstream_error', `The agent's card cannot be used: ${why}`, { cause });
}
