/** @module MCP over WebSocket, both directions. */
export { wsUpstream, type WsUpstreamOptions } from './client/ws-upstream.ts';
export { acceptUpgrades, type UpgradeHandler } from './server/upgrades.ts';
export { createWsListener, type WsListener, type WsListenerOptions } from './server/ws-listener.ts';
