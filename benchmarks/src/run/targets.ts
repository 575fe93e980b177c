/** @module What is under test in one era, each as something that jobs can be made for: the gateway and its baselines. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Case, Era, LISTS, Metrics, ResultSize } from '../cells.ts';
import type { Call, Job, Reach } from '../load/job.ts';
import { LIST_UPSTREAMS, toolName, TOOLS_PER_UPSTREAM } from '../servers/fixture.ts';
import { ARGUMENTS, openApiDocument, OPERATIONS } from '../servers/rest-fixture.ts';
import { type Gateway, startGateway } from './gateway.ts';
import { listCall } from './mcp-client.ts';
import { ownScript, type ServerProcess, startServer } from './processes.ts';
import { scratchFolder } from './scratch.ts';

/** What can be put under load. */
export interface Target {
  readonly case: Case;
  readonly reach: Reach;
  /** How long it took to start, where it was measured. */
  readonly startMs?: number;
  /** Where its CPU profile will be. */
  readonly profileFolder: string | undefined;
  /** Measures it where the load generator cannot. */
  readonly measure?: (job: Job) => Promise<Metrics>;
  /** The call that answers with a result of a size. */
  callFor(size: ResultSize): Call;
  stop(): Promise<void>;
}

/** A case that lists: what is listed, by whom, and the raw responder that serves the same bytes. */
export interface ListTargets {
  readonly raw: Target;
  readonly list: Target;
  /** One call per page. */
  readonly calls: readonly Call[];
  /** Bytes of the shortest page. */
  readonly minBytes: number;
}

/** Where and how targets are started. */
export interface Place {
  readonly era: Era;
  readonly core: number | undefined;
  /** Folder for CPU profiles. */
  readonly profileFolder?: string | undefined;
}

/** Starts a raw responder, as baseline or as upstream. `pages`: a file with what to answer `tools/list` with. */
export function startRaw({ era, core, profileFolder }: Place, pages?: string): Promise<ServerProcess> {
  const args = pages === undefined ? [era] : [era, pages];
  return startServer({
    name: 'The raw responder',
    script: ownScript('servers/raw-responder.js'),
    args,
    core,
    profileFolder,
  });
}

/** Starts the gateway or one of its baselines; proxies stand in front of `upstream`, an origin. */
export async function startTarget(
  name: 'raw' | 'bare' | 'gateway' | 'gateway-policy',
  place: Place,
  upstream: string,
): Promise<Target> {
  if (name === 'raw') return serverTarget(name, place, await startRaw(place), '');
  if (name === 'bare') return serverTarget(name, place, await startBare(place, `${upstream}/a/mcp`), 'bench-');
  // Two upstreams, so that names are prefixed and have to be given back, as the bare proxy does.
  const upstreams = { 'Bench A': `${upstream}/a/mcp`, 'Bench B': `${upstream}/b/mcp` };
  const gateway = await startGateway({ ...place, policy: name === 'gateway-policy', upstreams, tools: 6 });
  return gatewayTarget(name, place, gateway);
}

/** Starts the two sides of a case that lists; `upstream` is an origin. */
export async function startList(name: keyof typeof LISTS, place: Place, upstream: string): Promise<ListTargets> {
  const listed = name === 'list' ? manyUpstreams(upstream) : manyOperations(upstream);
  const gateway = await startGateway({ ...place, policy: true, ...listed });
  const { pages } = gateway;
  try {
    const baseline = { ...place, profileFolder: undefined };
    const file = join(scratchFolder(), 'pages.json');
    await writeFile(file, JSON.stringify(pages.map(({ cursor, result }) => [cursor, result])));
    const raw = serverTarget('raw', baseline, await startRaw(baseline, file), '');
    return {
      raw,
      list: gatewayTarget(name, place, gateway),
      calls: pages.map(({ cursor }) => listCall(cursor)),
      minBytes: Math.min(...pages.map(({ result }) => result.length)),
    };
  } catch (error) {
    await gateway.server.stop();
    throw error;
  }
}

function manyUpstreams(upstream: string) {
  const numbers = Array.from({ length: LIST_UPSTREAMS }, (_, index) => index);
  const upstreams = Object.fromEntries(numbers.map((n) => [`Many ${n}`, `${upstream}/many/${n}/mcp`]));
  return { upstreams, tools: LIST_UPSTREAMS * TOOLS_PER_UPSTREAM };
}

function manyOperations(upstream: string) {
  return { upstreams: {}, documents: { Bench: openApiDocument(upstream) }, tools: OPERATIONS };
}

function startBare({ core, profileFolder }: Place, upstream: string): Promise<ServerProcess> {
  const script = ownScript('servers/bare-proxy.js');
  return startServer({ name: 'The bare proxy', script, args: [upstream], core, profileFolder });
}

/** A server at `/mcp` whose tools are named as the upstream's are, after `prefix`. */
export function serverTarget(
  name: Case,
  { era, profileFolder }: Place,
  { pid, origin, stop }: ServerProcess,
  prefix: string,
): Target {
  return {
    case: name,
    reach: { url: `${origin}/mcp`, era, headers: {}, pid },
    profileFolder,
    callFor: callTool(prefix),
    stop,
  };
}

/** Calls of tools that are named as the upstream's are, after `prefix`. */
export function callTool(prefix: string): Target['callFor'] {
  return (size) => toolCall(prefix + toolName(size));
}

/** A gateway, whose tools are found by what their names end in. */
export function gatewayTarget(name: Case, { profileFolder }: Place, { server, endpoint, pages }: Gateway): Target {
  const names = pages.flatMap(({ names }) => names);
  return {
    case: name,
    reach: { ...endpoint, pid: server.pid },
    profileFolder,
    callFor(size) {
      const prefixed = names.find((name) => name.endsWith(toolName(size)));
      if (prefixed === undefined) throw new Error(`The gateway does not list ${toolName(size)}`);
      return toolCall(prefixed);
    },
    stop: () => server.stop(),
  };
}

function toolCall(name: string): Call {
  return { method: 'tools/call', params: { name, arguments: ARGUMENTS } };
}
