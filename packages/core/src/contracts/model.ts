/** @module The things that Forge keeps: what the store holds, the registry changes and the API shows. */

/** Milliseconds since 1970 (UTC). */
export type Timestamp = number;

/** Who may see a thing: everyone who is authenticated, or its owner and administrators. */
export type Visibility = 'public' | 'private';

/** What every registered thing has. */
export interface Entity {
  /** 32 hexadecimal digits, or the id that its creator chose. */
  readonly id: string;
  readonly createdAt: Timestamp;
  readonly updatedAt: Timestamp;
  /** Counts changes, from 1. */
  readonly version: number;
  /** Principal id of the creator. */
  readonly owner: string;
  readonly enabled: boolean;
  readonly visibility: Visibility;
  readonly tags: readonly string[];
}

/** How an upstream is reached. */
export type UpstreamTransport =
  | 'streamable-http'
  | 'sse'
  | 'websocket'
  | 'stdio'
  | 'in-process'
  | 'rest'
  | 'grpc'
  | 'a2a';

/** A header sent with every request to an upstream. The value is sealed in the store. */
export interface SecretHeader {
  readonly name: string;
  readonly value: string;
}

/** An upstream; the REST API calls it a gateway, as the users of ContextForge do. */
export interface UpstreamRecord extends Entity {
  /** Unique. */
  readonly name: string;
  /** `name` in lower case with `-`; the prefix of its names in aggregates. Unique. */
  readonly slug: string;
  readonly description: string;
  readonly transport: UpstreamTransport;
  /** For all but stdio and in-process. */
  readonly url?: string | undefined;
  /** For stdio: what the gateway launches, without a shell. */
  readonly command?: string | undefined;
  readonly args?: readonly string[] | undefined;
  /** Environment of the child, on top of a minimal one. Values are sealed in the store. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
  /** Credentials and others, each sent with every request. */
  readonly headers: readonly SecretHeader[];
  /** What only the adapter of this transport understands: JSON text of an object, without secrets. */
  readonly config?: string | undefined;
  /** Secrets that `config` speaks of, by a name of the adapter's choice. Values are sealed in the store. */
  readonly secrets?: Readonly<Record<string, string>> | undefined;
  /** `auto` finds it out. */
  readonly era: 'auto' | 'modern' | 'legacy';
  /** Milliseconds that a call may take; undefined = the gateway's setting. */
  readonly timeoutMs?: number | undefined;
}

/** What every item of an upstream's lists has. */
export interface ItemRecord extends Entity {
  /** `undefined`: the item is Forge's own (a local resource or prompt). */
  readonly upstreamId?: string | undefined;
  /** The name (for resources the URI, for templates the URI template) at the upstream. Unique per upstream and kind. */
  readonly originalName: string;
  /** The definition exactly as the upstream sent it: JSON text of one `Tool`, `Prompt`, `Resource` or `ResourceTemplate`. */
  readonly definition: string;
  /** Where it stands in the upstream's own list, from 0; lists keep that order. */
  readonly position: number;
}

/** A tool. Its name in aggregates is `<slug>-<originalName>`, unless `customName` says otherwise. */
export interface ToolRecord extends ItemRecord {
  /** Replaces `<slug>-<originalName>` in aggregates. */
  readonly customName?: string | undefined;
  /** Names of plugins that are asked before each call, in their order. Never empty. */
  readonly pluginChainPre?: readonly string[] | undefined;
  /** Names of plugins that are asked after each call, in their order. Never empty. */
  readonly pluginChainPost?: readonly string[] | undefined;
}

/** A prompt; local ones carry their template. */
export interface PromptRecord extends ItemRecord {
  readonly customName?: string | undefined;
  /** Local prompts: the text with `{{ argument }}` places. */
  readonly template?: string | undefined;
}

/** A resource or (`template`) a resource template; local ones carry their content. */
export interface ResourceRecord extends ItemRecord {
  /** `originalName` is an RFC 6570 template, not a URI. */
  readonly isTemplate: boolean;
  /** Local resources: the content, as text or as base64. */
  readonly text?: string | undefined;
  readonly blob?: string | undefined;
}

/** A virtual server: a composition of items, or of all items of some upstreams. */
export interface ServerRecord extends Entity {
  readonly name: string;
  readonly description: string;
  readonly icon?: string | undefined;
  /** Ids of items. */
  readonly toolIds: readonly string[];
  readonly resourceIds: readonly string[];
  readonly promptIds: readonly string[];
  /** Ids of upstreams whose whole lists belong to the server, as they change. */
  readonly upstreamIds: readonly string[];
  /** `auto`: original names while everything comes from one upstream, prefixed names otherwise. */
  readonly naming: 'auto' | 'original' | 'prefixed';
  /** Revisions of the protocol that it serves, in order of preference; undefined = all that Forge serves. Never empty. */
  readonly protocolVersions?: readonly string[] | undefined;
  /** Whether it is published as an A2A agent, too. */
  readonly a2aEnabled: boolean;
}

/** Someone who may sign in. */
export interface UserRecord {
  /** Lower case. The user's id. */
  readonly email: string;
  readonly fullName: string;
  /** PHC string (scrypt); never leaves the process. */
  readonly passwordHash: string;
  readonly admin: boolean;
  readonly enabled: boolean;
  readonly createdAt: Timestamp;
}

/** A token that is refused before it expires. */
export interface RevokedToken {
  readonly jti: string;
  readonly revokedAt: Timestamp;
  /** After this the row may go: the token would be refused anyway. */
  readonly expiresAt: Timestamp;
}

/** What a legacy session's client has asked of it, for when another process goes on with the session. */
export interface SessionStateRecord {
  /** A digest of the session's id, which nobody can turn back into one. */
  readonly id: string;
  /** JSON text. */
  readonly state: string;
  readonly savedAt: Timestamp;
}

/** A task that an agent has given to a virtual server, for when its process is no more, and for other replicas. */
export interface AgentTaskRecord {
  readonly id: string;
  /** A digest of whose it is, and where: nobody else finds it. */
  readonly owner: string;
  /** A digest of who that is, at whichever place. */
  readonly caller: string;
  /** A digest of the conversation that it belongs to. */
  readonly context: string;
  /** As A2A calls it. */
  readonly state: string;
  readonly createdAt: Timestamp;
  /** The process that may change it. */
  readonly runner: string;
  /** Until when that process is at work, unless it says so again; 0 when the task is over, or nobody is at work. */
  readonly leaseUntil: Timestamp;
  /** Everything else, sealed. */
  readonly body: string;
}

/** What a call leaves behind. */
export interface AuditEntry {
  readonly at: Timestamp;
  readonly principal: string;
  readonly method: string;
  /** Name or URI as the client sent it, at most 256 characters. */
  readonly target?: string | undefined;
  readonly serverId?: string | undefined;
  readonly upstreamId?: string | undefined;
  readonly outcome: 'ok' | 'tool_error' | 'error' | 'denied' | 'cancelled';
  readonly errorCode?: number | undefined;
  /** Kept to the microsecond. */
  readonly durationMs: number;
}

/** Entries that are written together. */
export interface AuditBatch {
  /** Unique; ascending with time, for entries of the same moment. */
  readonly id: string;
  /** In the order in which the calls ended. */
  readonly entries: readonly AuditEntry[];
}

/** An entry of the audit trail, as it is listed. */
export interface AuditRecord extends AuditEntry {
  /** That of its batch, and its place there: see `auditRecordId`. */
  readonly id: string;
}
