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

/** Whom an interface leads to: an origin as of HTTP, whatever its binding is. @throws ForgeError `upstream_error` */
export function originOf({ url, protocolBinding }: AgentInterface): string {
  if (protocolBinding === 'GRPC') {
    const { host, isSecure } = grpcTarget(url);
    return new URL(`${isSecure ? 'https' : 'http'}://${host}`).origin;
  }
  if (!URL.canParse(url)) throw noAddress(url);
  return new URL(url).origin;
}

/** Cards name gRPC endpoints by URL or by `host:port`. Plain text is for `http:` and for this machine alone. */
export function grpcTarget(url: string): { readonly host: string; readonly isSecure: boolean } {
  const hasScheme = /^[a-z][a-z0-9+.-]*:\/\//i.test(url);
  const href = hasScheme ? url : `grpc://${url}`;
  if (!URL.canParse(href)) throw noAddress(url);
  const { protocol, hostname, port } = new URL(href);
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || hostname.startsWith('127.');
  const isSecure = !(protocol === 'http:' || (!hasScheme && isLocal));
  return { host: `${hostname}:${port || (isSecure ? '443' : '80')}`, isSecure };
}

function noAddress(url: string): ForgeError {
  return new ForgeError(
    'upstream_error',
    `The agent's card leads to something that is no address: ${url.slice(0, 200)}`,
  );
}
