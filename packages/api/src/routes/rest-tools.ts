/** @module REST endpoints as tools: each is an upstream of its own. */
import {
  ForgeError,
  type Named,
  type Principal,
  type Registry,
  type ToolChains,
  type ToolRecord,
  type UpstreamRecord,
} from '@forge/core';
import type { z } from 'zod';
import type { ToolCreate, ToolUpdate } from '../contract/tools.ts';
import { invalidInput } from '../http/keys.ts';
import type { RestToolFields, RestTools } from './callbacks.ts';
import { endpointAuth, endpointFields } from './rest-tool-input.ts';
import { asTool } from './rest-tool-problems.ts';
import { authView, upstreamOf } from './tool-views.ts';

const UNAVAILABLE = 'This Forge has no adapter for REST: register the MCP server that has the tool by POST /gateways';

/** Endpoints as tools, by the registry. */
export interface RestToolRoutes {
  create(principal: Principal, body: z.output<typeof ToolCreate>): Promise<Named<ToolRecord>>;
  /** Changes what is said of the endpoint, if anything is; then the tool is read anew. Returns whether it is one of these. */
  update(principal: Principal, tool: Named<ToolRecord>, body: z.output<typeof ToolUpdate>): Promise<boolean>;
  /** Deletes a tool with its upstream, where it is one of these. Returns whether it was. */
  delete(principal: Principal, tool: ToolRecord): Promise<boolean>;
}

/** The part of the tools' routes that knows of endpoints. */
export function createRestTools(registry: Registry, restTools: RestTools | undefined): RestToolRoutes {
  const { upstreams, tools } = registry;

  return {
    async create(principal, body) {
      checkKind(body);
      if (restTools === undefined) throw new ForgeError('not_implemented', UNAVAILABLE);
      const { name, tags, visibility, enabled = true, pluginChainPre, pluginChainPost } = body;
      const made = restTools.toUpstream(endpointFields(name, body) ?? { name }, endpointAuth(body));
      await checkFilter(restTools, body.jsonpathFilter);
      const input = { name: `tool ${name}`, transport: 'rest', ...made, tags, visibility } as const;
      const chains = { pluginChainPre, pluginChainPost };
      const create = () => upstreams.create(principal, input, { plainNames: true, chains });
      const { id } = await asTool({ registry, principal }, made, create);
      const { items } = await tools.list(principal, { limit: 1, upstreamId: id });
      const [tool] = items;
      if (tool === undefined) throw new ForgeError('conflict', 'The tool was deleted at this moment');
      return enabled ? tool : tools.setEnabled(principal, tool.id, false);
    },
    async update(principal, tool, body) {
      const upstream = await upstreamOf(registry, principal, tool);
      const known = knownOf(tool, upstream, restTools);
      const fields = endpointFields(tool.originalName, body, known);
      const shown = upstream && authView(restTools?.authOf(upstream));
      const auth = isShown(body.auth, shown) ? undefined : endpointAuth(body);
      const { visibility } = body;
      const isSingle = upstream !== undefined && restTools?.isSingle(upstream) === true;
      if (!isSingle) {
        const [field] = Object.keys(fields ?? {}).filter((key) => key !== 'name');
        if (field === undefined && auth === undefined) return false;
        const message = `comes from the gateway ${tool.upstreamId ?? ''} and cannot be changed here`;
        throw invalidInput([{ field: field ?? 'auth', message }]);
      }
      const change = fields || auth ? restTools?.toUpstream(fields ?? { name: tool.originalName }, auth, upstream) : {};
      if (fields || auth || visibility !== undefined) {
        await checkFilter(restTools, fields?.jsonpathFilter);
        // With its address: it is never called there without its plugins.
        const chains = chainsOf(tool, body);
        const update = () => upstreams.update(principal, upstream.id, { ...change, visibility }, { chains });
        await asTool({ registry, principal }, change ?? {}, update);
      }
      return true;
    },
    async delete(principal, tool) {
      const upstream = await upstreamOf(registry, principal, tool);
      if (upstream === undefined || restTools?.isSingle(upstream) !== true) return false;
      await upstreams.delete(principal, upstream.id);
      return true;
    },
  };
}

function checkKind({ integrationType = 'REST', gatewayId }: z.output<typeof ToolCreate>): void {
  const kind = integrationType.toUpperCase();
  if (kind === 'REST' && gatewayId === undefined) return;
  const message =
    kind === 'A2A'
      ? 'agents are registered by POST /a2a; their skills become tools'
      : 'tools of MCP servers are not registered one by one: register the server by POST /gateways, its tools are found';
  throw invalidInput([{ field: kind === 'REST' ? 'gatewayId' : 'integrationType', message }]);
}

async function checkFilter(restTools: RestTools | undefined, expression: string | undefined): Promise<void> {
  const problem = expression ? await restTools?.filterProblem(expression) : undefined;
  if (problem !== undefined) throw invalidInput([{ field: 'jsonpathFilter', message: problem }]);
}

/** What a body may send back without changing anything. */
function knownOf(
  { definition, originalName }: ToolRecord,
  upstream: UpstreamRecord | undefined,
  restTools: RestTools | undefined,
): RestToolFields {
  const { title, description = '', inputSchema, outputSchema, annotations } = JSON.parse(definition) as RestToolFields;
  const own = upstream && restTools?.fieldsOf(upstream, originalName);
  // As answers show it: with arguments of the path, which are not kept, because another path has others.
  return { title, description, outputSchema, annotations, ...own, inputSchema, name: originalName };
}

/** The chains of a tool after a change; `undefined`: they stay. */
function chainsOf(tool: ToolRecord, body: z.output<typeof ToolUpdate>): ToolChains | undefined {
  const { pluginChainPre = tool.pluginChainPre, pluginChainPost = tool.pluginChainPost } = body;
  const isSaid = body.pluginChainPre !== undefined || body.pluginChainPost !== undefined;
  return isSaid ? { pluginChainPre, pluginChainPost } : undefined;
}

function isShown(auth: unknown, shown: unknown): boolean {
  return JSON.stringify(auth ?? {}) === JSON.stringify(shown);
}
