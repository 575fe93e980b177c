/** @module A remote MCP server as an endpoint for a client on this machine, for use in a program of your own. */
export { createWrapper, type Wrapper, type WrapperParts } from './create-wrapper.ts';
export { createNetwork, type Network, type NetworkOptions } from './network.ts';
export type { Log, LogLevel } from './log.ts';
export type { LoginSettings } from './oauth/login-settings.ts';
export type { Settings } from './settings.ts';
