/** @module The flags of `forge-wrapper`. */
import type { Command, Flags } from '@forge/cli';

/** What says which server, and how it is reached: the same for every command. */
export const serverFlags = {
  url: {
    group: 'Server',
    type: 'string',
    value: 'URL',
    help: 'The MCP endpoint: http, https, ws or wss. Or MCP_SERVER_URL.',
  },
  transport: {
    group: 'Server',
    type: 'string',
    value: 'NAME',
    choices: ['auto', 'streamable-http', 'sse'],
    help: 'auto, streamable-http or sse. Default auto.',
  },
  protocol: {
    group: 'Server',
    type: 'string',
    value: 'ERA',
    choices: ['auto', 'modern', 'legacy'],
    help: 'auto, modern (2026-07-28) or legacy (before). Default auto.',
  },
  tools: {
    group: 'Server',
    type: 'string',
    value: 'GLOB',
    many: true,
    help: 'Tools to show; !GLOB hides; or "read_*,!read_secret". Default all.',
  },
  auth: {
    group: 'Credentials',
    type: 'string',
    value: 'VALUE',
    help: 'Value of Authorization: "Bearer ...". ${ENV} is replaced. Or MCP_AUTH.',
  },
  header: {
    group: 'Credentials',
    type: 'string',
    value: '"NAME: VALUE"',
    many: true,
    help: 'Header to send. ${ENV} is replaced.',
  },
  'header-file': { group: 'Credentials', type: 'string', value: 'FILE', help: 'File of such headers, one a line.' },
  oauth: {
    group: 'Login',
    type: 'string',
    value: 'WAY',
    choices: ['auto', 'browser', 'device', 'client-credentials', 'off'],
    help: 'When the server asks for it: auto, browser, device, client-credentials or off. Default auto.',
  },
  'client-id': {
    group: 'Login',
    type: 'string',
    value: 'ID',
    help: 'A client that is registered already. Or MCP_CLIENT_ID.',
  },
  'client-secret': {
    group: 'Login',
    type: 'string',
    value: 'SECRET',
    help: 'Its secret. ${ENV} is replaced. Or MCP_CLIENT_SECRET.',
  },
  'client-metadata-url': {
    group: 'Login',
    type: 'string',
    value: 'URL',
    help: 'A client-ID metadata document to be known by.',
  },
  scope: {
    group: 'Login',
    type: 'string',
    value: '"SCOPES"',
    help: 'Scopes to ask for. Default: what the server says.',
  },
  'callback-port': {
    group: 'Login',
    type: 'integer',
    range: [0, 65_535],
    help: 'Port on 127.0.0.1 that the browser returns to. Default a free one.',
  },
  'auth-timeout': {
    group: 'Login',
    type: 'integer',
    value: 'SECONDS',
    range: [1, 3600],
    help: 'How long a login may take. Default 300.',
  },
  timeout: {
    group: 'Network',
    type: 'integer',
    value: 'SECONDS',
    range: [1, 86_400],
    help: 'How long a call may take without progress. Or MCP_TOOL_CALL_TIMEOUT. Default 60.',
  },
  'connect-timeout': {
    group: 'Network',
    type: 'integer',
    value: 'SECONDS',
    range: [1, 3600],
    help: 'How long to wait for a server that is down at the start. Default 30.',
  },
  ca: { group: 'Network', type: 'string', value: 'FILE', help: 'PEM certificates to trust as well.' },
  proxy: {
    group: 'Network',
    type: 'string',
    value: 'URL',
    help: 'Proxy, or none. Default HTTPS_PROXY, HTTP_PROXY, NO_PROXY.',
  },
  'log-level': {
    type: 'string',
    value: 'LEVEL',
    help: 'debug, info, warning, error or off. Or MCP_WRAPPER_LOG_LEVEL. Default info.',
  },
} as const satisfies Flags;

/** `forge-wrapper` as it is typed. */
export const command = {
  name: 'forge-wrapper',
  summary: `Puts a remote MCP server on stdio, for desktop clients.

Other commands: forge-wrapper doctor, install, uninstall; each has its own --help.`,
  flags: { ...serverFlags, version: { type: 'boolean', help: 'Print the version.' } },
  examples: [
    [
      'A virtual server of a Forge gateway',
      'forge-wrapper --url http://localhost:4444/servers/ID/mcp --auth "Bearer ${TOKEN}"',
    ],
    ['A server that asks for a login opens the browser', 'forge-wrapper --url https://mcp.example.com/mcp'],
    [
      'Only some tools, through a proxy',
      'forge-wrapper --url https://mcp.example.com/mcp --tools "read_*,!read_secret" --proxy http://proxy:3128',
    ],
  ],
} as const satisfies Command;
