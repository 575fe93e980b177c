/** @module Records for tests: each maker fills in what a test does not care about. */
import type {
  AuditEntry,
  Entity,
  PromptRecord,
  ResourceRecord,
  ServerRecord,
  ToolRecord,
  UpstreamRecord,
  UserRecord,
} from '@forge/core';

/** 2026-01-01T00:00:00Z, when the first record of a test run was made. */
const START = Date.UTC(2026, 0, 1);

let count = 0;

/** What every entity has: a new id, a `createdAt` one millisecond after the one before. */
function entity(): Entity {
  count += 1;
  const at = START + count;
  return {
    id: count.toString(16).padStart(32, '0'),
    createdAt: at,
    updatedAt: at,
    version: 1,
    owner: 'admin@example.com',
    enabled: true,
    visibility: 'public',
    tags: [],
  };
}

/** An upstream over Streamable HTTP with a name of its own. */
export function upstreamRecord(fields: Partial<UpstreamRecord> = {}): UpstreamRecord {
  const base = entity();
  return {
    ...base,
    name: `Upstream ${count}`,
    slug: `upstream-${count}`,
    description: '',
    transport: 'streamable-http',
    url: 'http://127.0.0.1:9000/mcp',
    headers: [],
    era: 'auto',
    ...fields,
  };
}

/** A tool without an upstream, unless `fields` names one; the definition follows `originalName`. */
export function toolRecord(fields: Partial<ToolRecord> = {}): ToolRecord {
  const base = entity();
  const originalName = fields.originalName ?? `tool_${count}`;
  return {
    ...base,
    originalName,
    definition: JSON.stringify({ name: originalName, inputSchema: { type: 'object' } }),
    position: 0,
    ...fields,
  };
}

/** A prompt; see {@link toolRecord}. */
export function promptRecord(fields: Partial<PromptRecord> = {}): PromptRecord {
  const base = entity();
  const originalName = fields.originalName ?? `prompt_${count}`;
  return { ...base, originalName, definition: JSON.stringify({ name: originalName }), position: 0, ...fields };
}

/** A resource, not a template; see {@link toolRecord}. */
export function resourceRecord(fields: Partial<ResourceRecord> = {}): ResourceRecord {
  const base = entity();
  const uri = fields.originalName ?? `test://resource/${count}`;
  return {
    ...base,
    originalName: uri,
    definition: JSON.stringify({ uri, name: `resource ${count}` }),
    position: 0,
    isTemplate: false,
    ...fields,
  };
}

/** An empty virtual server. */
export function serverRecord(fields: Partial<ServerRecord> = {}): ServerRecord {
  const base = entity();
  return {
    ...base,
    name: `Server ${count}`,
    description: '',
    toolIds: [],
    resourceIds: [],
    promptIds: [],
    upstreamIds: [],
    naming: 'auto',
    a2aEnabled: false,
    ...fields,
  };
}

/** A user who is no administrator. Nobody's password has this hash. */
export function userRecord(fields: Partial<UserRecord> = {}): UserRecord {
  const { createdAt } = entity();
  return {
    email: `user${count}@example.com`,
    fullName: `User ${count}`,
    passwordHash: '$scrypt$none',
    admin: false,
    enabled: true,
    createdAt,
    ...fields,
  };
}

/** A call of a tool that went well. */
export function auditEntry(fields: Partial<AuditEntry> = {}): AuditEntry {
  return {
    at: entity().createdAt,
    principal: 'user@example.com',
    method: 'tools/call',
    target: 'echo',
    outcome: 'ok',
    durationMs: 1.5,
    ...fields,
  };
}
