/** @module Contract suites: what every store, bus, authenticator and upstream must do, run by vitest against real ones. */
export { type AuthenticatorFixture, describeAuthenticator } from './describe-authenticator.ts';
export { type BusFixture, describeBus } from './describe-bus.ts';
export { describeStore } from './describe-store.ts';
export {
  describeUpstream,
  type UpstreamFixture,
  type UpstreamFixtureOptions,
  type UpstreamTraits,
} from './describe-upstream.ts';
export { createSuiteServer, type SuiteMessage, type SuiteServer } from './upstream/suite-server.ts';
export { STDIO_SERVER, suiteStdioServer } from './stdio-server-command.ts';
