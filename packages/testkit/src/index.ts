/** @module Contract suites: what every store, bus and authenticator must do, run by vitest against real ones. */
export { type AuthenticatorFixture, describeAuthenticator } from './describe-authenticator.ts';
export { type BusFixture, describeBus } from './describe-bus.ts';
export { describeStore } from './describe-store.ts';
export { STDIO_SERVER } from './stdio-server-command.ts';
