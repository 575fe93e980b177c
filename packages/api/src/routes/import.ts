/** @module Registers the servers of a client's configuration file. */
import { ForgeError, type Principal, type Registry, type UpstreamInput } from '@forge/core';
import type { z } from 'zod';
import { GatewayCreate, Transport } from '../contract/gateways.ts';
import { type ImportResult, importServers } from '../contract/system.ts';
import { checkFields, invalidInput, isObject } from '../http/keys.ts';
import { type Route, route } from '../http/serve.ts';
import { toUpstreamInput } from './gateway-input.ts';

type Result = z.input<typeof ImportResult>;

const MAX_SERVERS = 200;
/** Servers connected at once. */
const PARALLEL = 4;
/** Keys that say how to reach a server, by the names that clients give them. */
const FIELDS: Readonly<Record<string, string>> = {
  command: 'command',
  args: 'args',
  env: 'env',
  cwd: 'cwd',
  url: 'url',
  serverUrl: 'url',
  httpUrl: 'url',
  headers: 'headers',
  type: 'transport',
  transport: 'transport',
  description: 'description',
};

/** Serves imports. */
export function importRoutes(registry: Registry): Route[] {
  return [
    route(importServers, async (request) => {
      const servers = Object.entries(serversIn((await request.json()).value));
      if (servers.length > MAX_SERVERS) {
        throw new ForgeError('validation_failed', `At most ${MAX_SERVERS} servers can be imported at once`);
      }
      const results: Result[] = [];
      for (let at = 0; at < servers.length; at += PARALLEL) {
        const batch = servers.slice(at, at + PARALLEL);
        results.push(
          ...(await Promise.all(batch.map(([name, entry]) => importOne(registry, request.principal, name, entry)))),
        );
      }
      const created = results.filter((result) => result.status === 'created').length;
      return { created, failed: results.length - created, results };
    }),
  ];
}

/** `mcpServers` (Claude Desktop, Cursor), `servers` (VS Code), or `mcp.servers` (older VS Code settings). */
function serversIn(body: unknown): Record<string, unknown> {
  const file = isObject(body) ? body : {};
  const settings = isObject(file['mcp']) ? file['mcp'] : {};
  const servers = file['mcpServers'] ?? file['mcp_servers'] ?? file['servers'] ?? settings['servers'];
  if (isObject(servers)) return servers;
  throw invalidInput([{ field: 'mcpServers', message: 'must be an object of servers by name (or "servers")' }]);
}

async function importOne(registry: Registry, principal: Principal, name: string, entry: unknown): Promise<Result> {
  try {
    const { input, ignored } = toInput(name, entry);
    const { id } = await registry.upstreams.create(principal, input);
    const counts = (await registry.counts()).get(id);
    return { name, status: 'created', id, toolCount: counts?.tools ?? 0, ...(ignored.length > 0 ? { ignored } : {}) };
  } catch (thrown) {
    const { code, publicMessage } = ForgeError.from(thrown);
    return { name, status: 'failed', error: { code, message: publicMessage } };
  }
}

function toInput(name: string, entry: unknown): { input: UpstreamInput; ignored: string[] } {
  if (!isObject(entry)) throw new ForgeError('validation_failed', 'must be an object');
  if (entry['envFile'] !== undefined || entry['env_file'] !== undefined) {
    throw new ForgeError('validation_failed', 'envFile: the gateway reads no files; put its variables into "env"');
  }
  const fields = new Map<string, unknown>([['name', name]]);
  const ignored: string[] = [];
  for (const [key, value] of Object.entries(entry)) {
    const field = Object.hasOwn(FIELDS, key) ? FIELDS[key] : undefined;
    if (field === undefined) ignored.push(key.slice(0, 100));
    else fields.set(field, value);
  }
  refusePlaceholders(fields);
  // Clients write the type in many ways; one that says nothing to us is found out by the address.
  const transport = fields.get('transport');
  if (transport !== undefined && !Transport.safeParse(transport).success) fields.delete('transport');
  if (entry['disabled'] === true) fields.set('enabled', false);
  const body = checkFields(GatewayCreate, Object.fromEntries(fields));
  return { input: toUpstreamInput(body), ignored: ignored.filter((key) => key !== 'disabled') };
}

/** `${input:token}` and `${env:HOME}` are for the client that owns the file. */
function refusePlaceholders(fields: ReadonlyMap<string, unknown>): void {
  for (const [field, value] of fields) {
    const found = /\$\{[^}]{0,100}\}/.exec(JSON.stringify(value) ?? '');
    if (found) throw new ForgeError('validation_failed', `${field}: replace ${found[0]} by its value`);
  }
}
