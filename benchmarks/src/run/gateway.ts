/** @module Starts the real gateway in an empty data folder, and registers what it shall stand in front of. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Era } from '../cells.ts';
import type { Endpoint } from '../load/job.ts';
import { readTools, type ToolsPage } from './mcp-client.ts';
import { ownScript, type ServerProcess, startServer } from './processes.ts';
import { scratchFolder } from './scratch.ts';

const MAIN = ownScript('../../apps/gateway/dist/main.js');
const DISCOVERED_MS = 20_000;

const WITHOUT_POLICY = { AUTH_REQUIRED: 'false', AUDIT_TRAIL_ENABLED: 'false', METRICS_ENABLED: 'false' };
const WITH_POLICY = { AUDIT_TRAIL_ENABLED: 'true', METRICS_ENABLED: 'true' };

/** What the gateway shall be. */
export interface GatewayOptions {
  readonly era: Era;
  /** With JWT, view check, audit and metrics, or without any. */
  readonly policy: boolean;
  /** MCP endpoints, or bodies of registrations, by upstream name. */
  readonly upstreams: Readonly<Record<string, string | object>>;
  /** OpenAPI documents to import, by upstream name. */
  readonly documents?: Readonly<Record<string, object>> | undefined;
  /** How many tools they have together. */
  readonly tools: number;
  readonly core: number | undefined;
  readonly profileFolder?: string | undefined;
  /** Settings besides, by the names of their environment variables. */
  readonly settings?: Readonly<Record<string, string>> | undefined;
  readonly hook?: string | undefined;
}

/** A gateway with one virtual server made of all its upstreams. */
export interface Gateway {
  readonly server: ServerProcess;
  /** The virtual server. */
  readonly endpoint: Endpoint;
  /** Its tools. */
  readonly pages: readonly ToolsPage[];
}

/** @throws when it does not start, refuses a registration, or does not find the tools in time. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { era, policy, core, profileFolder, settings, hook } = options;
  if (!existsSync(MAIN)) throw new Error(`The gateway is not built: ${MAIN} is missing`);
  const folder = scratchFolder();
  const env = {
    PATH: process.env['PATH'] ?? '',
    FORGE_DATA_DIR: folder,
    LOG_LEVEL: 'error',
    ...(policy ? WITH_POLICY : WITHOUT_POLICY),
    ...settings,
  };
  const args = ['serve', '--port', '0', '--host', '127.0.0.1'];
  const server = await startServer({
    name: 'The gateway',
    script: MAIN,
    args,
    core,
    env,
    cwd: folder,
    profileFolder,
    hook,
  });
  try {
    const headers: Record<string, string> = policy ? { Authorization: `Bearer ${await token(env, folder)}` } : {};
    const url = `${server.origin}/servers/${await register(server.origin, headers, options)}/mcp`;
    const endpoint: Endpoint = { url, era, headers };
    return { server, endpoint, pages: await whenDiscovered(endpoint, options.tools) };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function token(env: Record<string, string>, cwd: string): Promise<string> {
  const args = [MAIN, 'token', '--username', 'admin@example.com', '--exp', '60'];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd });
  return stdout.trim();
}

interface Named {
  readonly id: string;
}

/** Registers upstreams and a virtual server of them all; its id. */
async function register(
  origin: string,
  headers: Readonly<Record<string, string>>,
  { upstreams, documents = {} }: Pick<GatewayOptions, 'upstreams' | 'documents'>,
): Promise<string> {
  const post = async <Answer>(path: string, body: object): Promise<Answer> => {
    const response = await fetch(origin + path, {
      method: 'POST',
      headers: { ...headers, 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`POST ${path}: ${response.status} ${text.slice(0, 500)}`);
    return JSON.parse(text) as Answer;
  };
  const ids: string[] = [];
  for (const [name, upstream] of Object.entries(upstreams)) {
    const body = { name, ...(typeof upstream === 'string' ? { url: upstream } : upstream) };
    ids.push((await post<Named>('/gateways', body)).id);
  }
  for (const [name, document] of Object.entries(documents)) {
    ids.push((await post<{ gateway: Named }>('/import/openapi', { name, document })).gateway.id);
  }
  return (await post<Named>('/servers', { server: { name: 'Benchmark', associated_gateways: ids } })).id;
}

async function whenDiscovered(endpoint: Endpoint, tools: number): Promise<readonly ToolsPage[]> {
  const deadline = performance.now() + DISCOVERED_MS;
  for (;;) {
    const pages = await readTools(endpoint);
    const found = pages.reduce((sum, { names }) => sum + names.length, 0);
    if (found === tools) return pages;
    if (performance.now() > deadline) throw new Error(`The gateway lists ${found} tools instead of ${tools}`);
    await delay(100);
  }
}
