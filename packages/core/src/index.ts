/** @module Forge's registry, catalog and call pipeline, for use in a server of your own. */
export { ERRORS, type ErrorCode, type ErrorMeaning, ForgeError, type ForgeErrorOptions } from '@forge/protocol';
export { type Bus, type BusMessage } from './contracts/bus.ts';
export { type Call, type Interceptor, type Next } from './contracts/interceptor.ts';
export {
  type AuditRecord,
  type Entity,
  type ItemRecord,
  type PromptRecord,
  type ResourceRecord,
  type RevokedToken,
  type SecretHeader,
  type ServerRecord,
  type Timestamp,
  type ToolRecord,
  type UpstreamRecord,
  type UpstreamTransport,
  type UserRecord,
  type Visibility,
} from './contracts/model.ts';
export {
  type Authenticator,
  type Credentials,
  type Principal,
  type PrincipalDirectory,
} from './contracts/principal.ts';
export { type ListQuery, type Page, type Repositories, type Repository, type Store } from './contracts/store.ts';
export { type UpstreamAdapter } from './contracts/upstream-adapter.ts';
