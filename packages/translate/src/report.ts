/** @module What is said when servers are up: what was found, where it is, and what to paste into clients. */
import type { TranslateServer } from './create-translate.ts';
import { shown } from './server-spec.ts';

const SHOWN_TOOLS = 20;

/**
 * The text; ends with a line feed.
 *
 * @param keyed clients have to send a key, which is not shown
 */
export function report(servers: readonly TranslateServer[], keyed = false): string {
  const blocks = servers.map((server) => [...describe(server), '']).flat();
  return `${[...blocks, ...clientBlocks(servers, keyed)].join('\n')}\n`;
}

function describe(server: TranslateServer): string[] {
  const { spec, info, tools, error, mcpUrl, sseUrl, wsUrl } = server;
  const { name, version } = serverInfoOf(server);
  const found =
    info === undefined
      ? [`Failed   ${error === undefined ? 'not started' : lines(error.message)}`]
      : [
          `Server   ${name}${version === '' ? '' : ` ${version}`}, MCP ${printable(info.protocolVersion)} (${info.era})`,
          `Tools    ${tools === undefined ? 'none' : describeTools(tools)}`,
        ];
  return [
    ...(spec.name === undefined ? [] : [`Name     ${printable(spec.name)}`]),
    `Started  ${printable(shown(spec), 500)}`,
    ...found,
    ...(mcpUrl === undefined ? [] : [`HTTP     ${mcpUrl}`]),
    ...(sseUrl === undefined ? [] : [`SSE      ${sseUrl}`]),
    ...(wsUrl === undefined ? [] : [`WS       ${wsUrl}`]),
  ];
}

function describeTools(names: readonly string[]): string {
  const more = names.length > SHOWN_TOOLS ? `, and ${names.length - SHOWN_TOOLS} more` : '';
  const some = names.slice(0, SHOWN_TOOLS).map((name) => printable(name));
  return `${names.length}: ${some.join(', ')}${more}`;
}

function serverInfoOf({ info }: TranslateServer): { name: string; version: string } {
  const { name, version } = (info?.description.serverInfo.value ?? {}) as { name?: unknown; version?: unknown };
  const text = (value: unknown): string => (typeof value === 'string' ? printable(value) : '');
  return { name: text(name) || 'server', version: text(version) };
}

/** A server's own texts must not steer the terminal. */
function printable(text: string, length = 100): string {
  return text.replaceAll(/\p{C}/gu, '?').slice(0, length);
}

function lines(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line, 500))
    .join('\n         ');
}

function clientBlocks(servers: readonly TranslateServer[], keyed: boolean): string[] {
  const named = new Map<string, { type: string; url: string }>();
  for (const server of servers) {
    const { mcpUrl, sseUrl, wsUrl } = server;
    const url = mcpUrl ?? sseUrl ?? wsUrl ?? '';
    const type = mcpUrl !== undefined ? 'http' : sseUrl !== undefined ? 'sse' : 'ws';
    named.set(keyOf(server, named), { type, url });
  }
  const block = (root: string, entry: (server: { type: string; url: string }) => object) =>
    `  ${JSON.stringify({ [root]: Object.fromEntries([...named].map(([key, server]) => [key, entry(server)])) })}`;
  const headers = keyed ? { headers: { Authorization: 'Bearer YOUR_KEY' } } : {};
  const auth = keyed ? ['--auth', 'Bearer YOUR_KEY'] : [];
  return [
    'Claude Code, Cursor (mcpServers file):',
    block('mcpServers', (server) => ({ ...server, ...headers })),
    'VS Code (.vscode/mcp.json):',
    block('servers', (server) => ({ ...server, ...headers })),
    'Claude Desktop (claude_desktop_config.json):',
    block('mcpServers', ({ url }) => ({ command: 'npx', args: ['-y', '@forge/wrapper', '--url', url, ...auth] })),
  ];
}

/** A name that clients take, and that no other server here has. */
function keyOf(server: TranslateServer, taken: ReadonlyMap<string, unknown>): string {
  const plain = (server.spec.name ?? serverInfoOf(server).name)
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-|-$/g, '');
  const key = plain === '' ? 'server' : plain;
  return taken.has(key) ? `${key}-${taken.size + 1}` : key;
}
