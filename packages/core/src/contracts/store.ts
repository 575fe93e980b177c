/** @module The store contract: where the control plane keeps what is registered. The data plane never touches it. */
import type {
  AgentTaskRecord,
  AuditBatch,
  AuditRecord,
  PromptRecord,
  ResourceRecord,
  RevokedToken,
  ServerRecord,
  SessionStateRecord,
  ToolRecord,
  UpstreamRecord,
  UserRecord,
} from './model.ts';

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Opaque; absent on the last page. */
  readonly nextCursor?: string | undefined;
}

/** Which rows, and where to go on. Rows come in ascending order of `createdAt`, then `id`. */
export interface ListQuery {
  /** 1 to 1000. */
  readonly limit: number;
  /** From a page before. @throws ForgeError `invalid_params` when it is not one. */
  readonly cursor?: string | undefined;
  /** Only rows of this upstream (items). */
  readonly upstreamId?: string | undefined;
  /** Only enabled rows, when false or absent. */
  readonly includeDisabled?: boolean | undefined;
  /** Only rows that have one of these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Only rows that this principal may see: public ones and its own. Absent: all. */
  readonly visibleTo?: string | undefined;
}

/** Which tasks of an owner. */
export interface AgentTaskQuery {
  readonly owner: string;
  readonly context?: string | undefined;
  readonly state?: string | undefined;
  readonly limit: number;
  readonly offset: number;
}

/** Rows of one kind. Inserting an id that exists, or a name that must be unique, throws ForgeError `conflict`. */
export interface Repository<T extends { readonly id: string }> {
  get(id: string): Promise<T | undefined>;
  list(query: ListQuery): Promise<Page<T>>;
  /** Every row, enabled or not; for building snapshots. */
  all(): Promise<readonly T[]>;
  insert(row: T): Promise<void>;
  /** Replaces a whole row. @throws ForgeError `not_found` when there is none, `conflict` when `row.version` is not one more than the stored one. */
  update(row: T): Promise<void>;
  /** Whether there was one. */
  delete(id: string): Promise<boolean>;
}

/** Repositories within one transaction, or outside of any. */
export interface Repositories {
  readonly upstreams: Repository<UpstreamRecord>;
  readonly tools: Repository<ToolRecord>;
  readonly resources: Repository<ResourceRecord>;
  readonly prompts: Repository<PromptRecord>;
  readonly servers: Repository<ServerRecord>;
}

/** The store. Deleting an upstream deletes its items, and takes their ids out of every server. */
export interface Store extends Repositories {
  /** Applies pending migrations, one process at a time. Must be called before anything else. */
  migrate(): Promise<void>;
  /** Runs `work`; all of it lands or none. Not nestable. */
  transaction<T>(work: (repositories: Repositories) => Promise<T>): Promise<T>;
  readonly users: {
    get(email: string): Promise<UserRecord | undefined>;
    all(): Promise<readonly UserRecord[]>;
    /** @throws ForgeError `conflict` when there is one with this email: of two that start together, one is first. */
    insert(user: UserRecord): Promise<void>;
    /** Inserts or replaces. */
    put(user: UserRecord): Promise<void>;
    delete(email: string): Promise<boolean>;
  };
  readonly revokedTokens: {
    add(token: RevokedToken): Promise<void>;
    /** Those that have not expired. */
    all(now: number): Promise<readonly RevokedToken[]>;
    /** Deletes what has expired; returns how many. */
    prune(now: number): Promise<number>;
  };
  readonly sessionStates: {
    get(id: string): Promise<SessionStateRecord | undefined>;
    /** Inserts or replaces. */
    put(state: SessionStateRecord): Promise<void>;
    delete(id: string): Promise<boolean>;
    /**
     * Deletes what was saved before a time, and what is not among the newest `keep` (of those saved in the same
     * millisecond, all may go); the oldest first, at most `limit`. Returns how many.
     */
    prune(query: { savedBefore: number; keep: number; limit: number }): Promise<number>;
  };
  readonly agentTasks: {
    /** The owner's task of this id. */
    get(owner: string, id: string): Promise<AgentTaskRecord | undefined>;
    /** The owner's tasks, newest first; of one conversation, of one state, where that is said. `total` counts all of them. */
    list(query: AgentTaskQuery): Promise<{ readonly items: readonly AgentTaskRecord[]; readonly total: number }>;
    /** Inserts; or replaces, where owner and runner are still the stored ones. Whether it did. */
    put(task: AgentTaskRecord): Promise<boolean>;
    /** Makes `runner` that of a task, where its runner and its lease are still as they were read. Whether it did. */
    claim(read: AgentTaskRecord, by: { readonly runner: string; readonly leaseUntil: number }): Promise<boolean>;
    /** The runner is still at work on all that it has not ended. */
    renew(runner: string, leaseUntil: number): Promise<void>;
    /** Tasks that nobody is at work on any more, though they are not over: their lease was up before a time. */
    expired(before: number, limit: number): Promise<readonly AgentTaskRecord[]>;
    /**
     * Deletes what was made before a time, what is not among the newest `keep` (of those made in the same millisecond, all
     * may go), and what is not among the newest `keepOfCaller` of its caller; at most `limit`. Returns how many.
     */
    prune(query: { createdBefore: number; keep: number; keepOfCaller: number; limit: number }): Promise<number>;
  };
  readonly audit: {
    /** @throws ForgeError `conflict` where a batch of that id is there already */
    append(batch: AuditBatch): Promise<void>;
    /** Newest first. `limit` 1 to 1000; `cursor` from a page before. */
    list(query: { limit: number; cursor?: string | undefined }): Promise<Page<AuditRecord>>;
    /** Deletes the oldest batches, as long as `keep` records stay; returns how many records went. */
    prune(keep: number): Promise<number>;
  };
  /** Whether it answers; for readiness. @throws when it does not */
  ping(): Promise<void>;
  close(): Promise<void>;
}
