/** @module The gateway before REST endpoints and before an agent. */
import { A2A_CONFIG, AGENT_PATH, REST_CONFIG } from '../servers/rest-fixture.ts';
import { startGateway } from './gateway.ts';
import { ownScript, type ServerProcess, startServer } from './processes.ts';
import { gatewayTarget, type Place, type Target } from './targets.ts';

/** Starts the endpoints; the agent is one of them. */
export function startRestServer(core: number | undefined): Promise<ServerProcess> {
  return startServer({ name: 'The REST server', script: ownScript('servers/rest-server.js'), core });
}

/** Starts the gateway in front of `origin`. */
export async function startRestTarget(name: 'rest' | 'a2a', place: Place, origin: string): Promise<Target> {
  const registration =
    name === 'rest'
      ? { url: origin, transport: 'REST', config: REST_CONFIG }
      : { url: origin + AGENT_PATH, transport: 'A2A', config: A2A_CONFIG };
  const upstreams = { 'Bench A': registration, 'Bench B': registration };
  return gatewayTarget(name, place, await startGateway({ ...place, policy: false, upstreams, tools: 6 }));
}
