/** @module Outgoing HTTP that cannot be turned against the machine that it comes from. */
export { type ConnectorOptions, guardedConnector } from './guarded-connector.ts';
export { guardedLookup, REFUSED, refusedHost } from './guarded-lookup.ts';
export { type AnswerHeaders } from './hop-reply.ts';
export {
  createOutgoing,
  type Outgoing,
  type OutgoingAnswer,
  type OutgoingCall,
  type OutgoingOptions,
  type OutgoingRequest,
} from './outgoing.ts';
export { type Hop } from './redirect.ts';
export { type ClientCredentials, createTokenSource, type TokenOptions, type TokenSource } from './token-source.ts';
