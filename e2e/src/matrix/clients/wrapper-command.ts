/** @module How a client on this machine launches the gateway as a stdio server. */
import { WRAPPER } from '../../harness/paths.ts';
import type { Target } from './peer.ts';

/** `forge-wrapper` in front of a virtual server. */
export function wrapperCommand({ url, token }: Target): { command: string; args: string[] } {
  return { command: process.execPath, args: [WRAPPER, '--url', `${url}/mcp`, '--auth', `Bearer ${token}`] };
}
