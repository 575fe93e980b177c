/** @module What is said when a server is up: what was found, where it is, and what to paste into clients. */
import type { UpstreamInfo } from '@forge/protocol';

/** What there is to say. */
export interface Reported {
  /** The child's command line. */
  readonly command: string;
  readonly info: UpstreamInfo;
  /** Names of its tools; `undefined` where it has none to list. */
  readonly tools: readonly string[] | undefined;
  /** Where Streamable HTTP is served. */
  readonly mcpUrl: string | undefined;
  /** Where HTTP+SSE is served. */
  readonly sseUrl: string | undefined;
}

const SHOWN_TOOLS = 20;

/** The text; ends with a line feed. */
export function report({ command, info, tools, mcpUrl, sseUrl }: Reported): string {
  const { name, version } = serverInfoOf(info);
  const lines = [
    `Started  ${command}`,
    `Server   ${name}${version === '' ? '' : ` ${version}`}, MCP ${info.protocolVersion} (${info.era})`,
    `Tools    ${tools === undefined ? 'none' : describeTools(tools)}`,
    ...(mcpUrl === undefined ? [] : [`HTTP     ${mcpUrl}`]),
    ...(sseUrl === undefined ? [] : [`SSE      ${sseUrl}`]),
    '',
    ...clientBlocks(name, mcpUrl, sseUrl),
  ];
  return `${lines.join('\n')}\n`;
}

function describeTools(names: readonly string[]): string {
  const more = names.length > SHOWN_TOOLS ? `, and ${names.length - SHOWN_TOOLS} more` : '';
  return `${names.length}: ${names.slice(0, SHOWN_TOOLS).map(printable).join(', ')}${more}`;
}

function serverInfoOf(info: UpstreamInfo): { name: string; version: string } {
  const { name, version } = info.description.serverInfo.value as { name?: unknown; version?: unknown };
  return { name: text(name) ?? 'server', version: text(version) ?? '' };
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? printable(value) : undefined;
}

/** A server's own texts must not steer the terminal. */
function printable(text: string): string {
  return text.replaceAll(/\p{C}/gu, '?').slice(0, 100);
}

function clientBlocks(name: string, mcpUrl: string | undefined, sseUrl: string | undefined): string[] {
  const url = mcpUrl ?? sseUrl ?? '';
  const type = mcpUrl === undefined ? 'sse' : 'http';
  const key =
    name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .replaceAll(/^-|-$/g, '') || 'server';
  const block = (root: string, value: object) => JSON.stringify({ [root]: { [key]: value } });
  return [
    'Claude Code, Cursor (mcpServers file):',
    `  ${block('mcpServers', { type, url })}`,
    'VS Code (.vscode/mcp.json):',
    `  ${block('servers', { type, url })}`,
    'Claude Desktop (claude_desktop_config.json):',
    `  ${block('mcpServers', { command: 'npx', args: ['-y', 'mcp-remote', url] })}`,
  ];
}
