/** @module Which of the interfaces that a card offers is called. */
import type { AgentCard, AgentInterface } from '@a2a-js/sdk';
import { ForgeError } from '@forge/protocol';
import type { Binding } from '../config.ts';

/**
 * The first interface of the card that can be spoken with, 1.0 before 0.3.
 *
 * @throws ForgeError `upstream_error` that says what the card offers instead
 */
export function chooseInterface(card: AgentCard, bindings: readonly Binding[]): AgentInterface {
  const required = card.capabilities?.extensions.find((extension) => extension.required);
  if (required !== undefined) {
    throw new ForgeError(
      'upstream_error',
      `The agent requires the extension ${required.uri}, which Forge does not have`,
    );
  }
  const spoken = card.supportedInterfaces.filter(({ protocolBinding }) =>
    (bindings as readonly string[]).includes(protocolBinding.toUpperCase()),
  );
  const chosen =
    spoken.find(({ protocolVersion }) => isVersion(protocolVersion, '1')) ??
    spoken.find(({ protocolVersion }) => isVersion(protocolVersion, '0.3'));
  if (chosen !== undefined) return { ...chosen, protocolBinding: chosen.protocolBinding.toUpperCase() };
  const offered = card.supportedInterfaces.map((one) => `${one.protocolBinding} ${one.protocolVersion}`.trim());
  throw new ForgeError(
    'upstream_error',
    `The agent offers ${offered.join(', ').slice(0, 300)}; it would have to be ${bindings.join(', ')} of A2A 1.0 or 0.3`,
  );
}

function isVersion(version: string, wanted: string): boolean {
  return version === wanted || version.startsWith(`${wanted}.`);
}
