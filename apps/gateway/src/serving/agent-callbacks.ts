/** @module The gateway as an agent: virtual servers that are published, and agents behind it, by A2A. */
import type { AgentCallbacks } from '@forge/api';
import { type Forge, ForgeError, type Principal } from '@forge/core';
import type { Endpoint } from '@forge/protocol';
import type { AgentServer, ServedCall, ServedCardFields } from '@forge/upstream-a2a';
import type { AgentCounts } from './agent-counts.ts';

/** What the callbacks work on. */
export interface AgentCallbackParts {
  readonly forge: Forge;
  readonly agents: AgentServer;
  /** The endpoint that a principal may use, if there is one. @throws ForgeError `forbidden` */
  readonly endpoint: (serverId: string | undefined, principal: Principal) => Endpoint | undefined;
  /** How callers say who they are. */
  readonly schemes: ServedCardFields['schemes'];
  readonly counts: AgentCounts;
  /** Whether anything is published. */
  readonly enabled: boolean;
  /** Forge's version. */
  readonly version: string;
}

/** Makes the callbacks. */
export function createAgentCallbacks(parts: AgentCallbackParts): AgentCallbacks {
  const { forge, agents, endpoint, schemes, counts, enabled, version } = parts;
  const { catalog } = forge;

  function published(serverId: string, caller: Principal, origin: string): PublishedCall {
    const found = endpoint(serverId, caller);
    const server = catalog.snapshot.servers.get(serverId);
    if (enabled && found !== undefined && server?.a2aEnabled === true) {
      const { name, description, icon: iconUrl } = server;
      const url = `${origin}/servers/${encodeURIComponent(serverId)}/a2a`;
      const card = { name, description, iconUrl, version, url, schemes };
      return { place: serverId, endpoint: found, caller, card };
    }
    throw new ForgeError(
      'not_found',
      'There is no such virtual server, or it is not published as an agent (a2aEnabled)',
    );
  }

  /** An agent behind the gateway: its tools alone, by the names that they have in the aggregate of everything. */
  function behind(upstreamId: string, caller: Principal): ServedCall {
    const found = endpoint(undefined, caller);
    const tools = [...(catalog.view(undefined, caller)?.tools ?? [])];
    const only = new Set(tools.filter(([, route]) => route.upstreamId === upstreamId).map(([name]) => name));
    if (found === undefined || only.size === 0) throw new ForgeError('not_found', 'The agent cannot be called');
    return { place: `agents/${upstreamId}`, endpoint: found, caller, only }; // servers may be given any id
  }

  return {
    async card(principal, serverId, origin) {
      const call = published(serverId, principal, origin);
      return agents.card(call, call.card);
    },
    metrics: counts.of,
    async rpc(principal, place, request, { upstreamAuthorization, a2aVersion, origin }) {
      const call =
        'serverId' in place ? published(place.serverId, principal, origin) : behind(place.upstreamId, principal);
      return agents.serve({ ...call, upstreamAuthorization }, request, a2aVersion);
    },
    async rest(principal, serverId, request, { upstreamAuthorization, a2aVersion, origin }) {
      return agents.rest({ ...published(serverId, principal, origin), upstreamAuthorization }, request, a2aVersion);
    },
  };
}

type PublishedCall = ServedCall & { readonly card: ServedCardFields };
