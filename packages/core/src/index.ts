/** @module Forge's registry, catalog and call pipeline, for use in a server of your own. */
export { ERRORS, type ErrorCode, type ErrorMeaning, ForgeError, type ForgeErrorOptions } from '@forge/protocol';
export { type AddressPolicy, type AddressRules, createAddressPolicy } from './addresses/address-policy.ts';
export { isNetwork } from './addresses/networks.ts';
export { type Bus, type BusMessage } from './contracts/bus.ts';
export { type Call, type Interceptor, type Next } from './contracts/interceptor.ts';
export {
  type AfterVerdict,
  type BeforeVerdict,
  type Denial,
  type Plugin,
  type PluginAbout,
  type PluginCall,
  type PluginCondition,
  type PluginEvent,
  type PluginFailure,
  type PluginHook,
  type PluginHooks,
  type PluginMode,
  type PluginObject,
  type Verdict,
} from './contracts/plugin.ts';
export {
  type AgentTaskRecord,
  type AuditBatch,
  type AuditEntry,
  type AuditRecord,
  type Entity,
  type ItemRecord,
  type PromptRecord,
  type ResourceRecord,
  type RevokedToken,
  type SecretHeader,
  type ServerRecord,
  type SessionStateRecord,
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
export {
  type AgentTaskQuery,
  type ListQuery,
  type Page,
  type Repositories,
  type Repository,
  type Store,
} from './contracts/store.ts';
export { type UpstreamAdapter } from './contracts/upstream-adapter.ts';
export {
  type Discovered,
  type DiscoveredItem,
  type SkippedItem,
  type UpstreamPool,
  type UpstreamStatus,
} from './contracts/upstream-pool.ts';
export { type ConnectServer, inProcessAdapter, type InProcessOptions } from './in-process/in-process-adapter.ts';
export { type InProcessTransport, type RpcMessage } from './in-process/linked-ends.ts';
export { createMemoryBus, type MemoryBusOptions } from './memory/memory-bus.ts';
export { createMemoryStore } from './memory/memory-store.ts';
export {
  auditRecordId,
  checkLimit,
  decodeCursor,
  encodeCursor,
  type Entities,
  type EntityKind,
  type GoneIds,
  missingError,
  orphanError,
  type Position,
  staleError,
  takenError,
  toPage,
  UNIQUE_KEYS,
  type UniqueKey,
  withoutIds,
} from './memory/store-rules.ts';
export { hashedName, slugify } from './catalog/naming.ts';
export { type Catalog } from './catalog/catalog.ts';
export { type ListMethod, type Route, type View } from './catalog/view.ts';
export { createForge, type Forge, type ForgeOptions } from './create-forge.ts';
export { type AuditOptions, type AuditTrail, createAuditTrail } from './pipeline/audit.ts';
export { type CallStats, createMetrics, type Metrics } from './pipeline/metrics.ts';
export { type CallBounds, CallLimit } from './pipeline/call-limit.ts';
export { limitCalls } from './pipeline/limit-calls.ts';
export { type CallObserver, observeCalls, type Observation } from './pipeline/observe.ts';
export { createUsageMeter, type UsageCounts, type UsageMeter } from './pipeline/usage.ts';
export { type PluginChain } from './plugins/chain.ts';
export { createPlugins, type PluginSet, type PluginView, type ToolChains } from './plugins/plugin-set.ts';
export { headerProblem } from './plugins/verdicts.ts';
export { retryCalls, type RetryOptions } from './pipeline/retry-calls.ts';
export { type Identity } from './serving/describe.ts';
export { createSessionMemory, type SessionMemoryOptions, type StoredSessionMemory } from './serving/session-memory.ts';
export { type HealthOptions } from './upstreams/managed-upstream.ts';
export { type LivePool } from './upstreams/pool.ts';
export {
  type ItemCounts,
  createRegistry,
  type Registry,
  type RegistryOptions,
  type ToolPatch,
  type Revocation,
} from './registry/registry.ts';
export { type AnyItem, type ItemPatch, type ItemRegistry, type Named } from './registry/items.ts';
export { LIMITS } from './registry/limits.ts';
export { type PromptArgument, type PromptInput, type PromptPatch, type PromptRegistry } from './registry/prompts.ts';
export { type RefreshCounts, type RefreshResult } from './registry/refresh.ts';
export { type ResourceInput, type ResourcePatch, type ResourceRegistry } from './registry/resources.ts';
export { type ItemKind } from './registry/rows.ts';
export { createSealer, type Sealer } from './registry/sealer.ts';
export { MASK } from './registry/secrets.ts';
export { type ServerInput, type ServerPatch, type ServerRegistry } from './registry/servers.ts';
export { issueWords, type SchemaIssue } from './registry/issue-words.ts';
export { type UpstreamInput } from './registry/upstream-input.ts';
export { checkUpstreamUrl, type UrlRules } from './registry/upstream-url.ts';
export {
  type CreateOptions,
  type UpdateOptions,
  type UpstreamPatch,
  type UpstreamRegistry,
} from './registry/upstreams.ts';
export { type UserRegistry, type UserView } from './registry/users.ts';
