/** @module The card of a virtual server that is published as an agent: in the form of 1.0 and, beside it, in that of 0.3. */
import { type Offer, skillIdOf } from './wanted.ts';

/** What a card says besides its skills. */
export interface ServedCardFields {
  readonly name: string;
  readonly description: string;
  readonly version: string;
  readonly iconUrl?: string | undefined;
  /** Where the agent is called. */
  readonly url: string;
  /** How callers say who they are: schemes of `Authorization`; none where nobody has to. */
  readonly schemes: readonly ('bearer' | 'basic')[];
}

const MODES = ['text/plain', 'application/json'];
const MAX_SKILLS = 1000;

/**
 * The card as JSON. It is for its caller already; the extended one is the same, for clients that got this one as somebody
 * else, or some time ago. Clients of 1.0 read `supportedInterfaces`, those of 0.3 `url`; each ignores the other's.
 */
export function servedCard(
  fields: ServedCardFields,
  offers: readonly Offer[],
  pushNotifications: boolean,
): Readonly<Record<string, unknown>> {
  const { name, description, version, iconUrl, url, schemes } = fields;
  const interfaces = [
    { protocolBinding: 'JSONRPC', protocolVersion: '1.0' },
    { protocolBinding: 'HTTP+JSON', protocolVersion: '1.0' },
    { protocolBinding: 'JSONRPC', protocolVersion: '0.3' },
  ];
  return {
    name,
    description: description || name,
    version,
    ...(iconUrl !== undefined && { iconUrl }),
    protocolVersion: '0.3.0',
    url,
    preferredTransport: 'JSONRPC',
    supportedInterfaces: interfaces.map((one) => ({ url, ...one })),
    capabilities: { streaming: true, pushNotifications, extendedAgentCard: true },
    supportsAuthenticatedExtendedCard: true,
    defaultInputModes: MODES,
    defaultOutputModes: MODES,
    skills: offers.slice(0, MAX_SKILLS).map(skillOf),
    ...(schemes.length > 0 && security(schemes)),
  };
}

function skillOf(offer: Offer): object {
  const id = skillIdOf(offer);
  return { id, name: offer.title ?? offer.name, description: offer.description ?? offer.name, tags: [offer.kind] };
}

function security(schemes: ServedCardFields['schemes']): object {
  return {
    securitySchemes: Object.fromEntries(
      schemes.map((scheme) => [scheme, { type: 'http', scheme, httpAuthSecurityScheme: { scheme } }]),
    ),
    security: schemes.map((scheme) => ({ [scheme]: [] })),
    securityRequirements: schemes.map((scheme) => ({ schemes: { [scheme]: { list: [] } } })),
  };
}
