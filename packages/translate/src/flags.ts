/** @module The flags of `forge-translate`. */
import type { Command } from '@forge/cli';

const SERVER = { group: 'Which server' } as const;
const CHILDREN = { group: 'Children and their environment' } as const;
const SERVING = { group: 'Where and how it is served' } as const;
const ACCESS = { group: 'Who may come in' } as const;

/** `forge-translate` as it is typed. */
export const command = {
  name: 'forge-translate',
  summary: 'Puts MCP servers on HTTP, for many clients at once.',
  rest: 'COMMAND [ARG...]',
  flags: {
    stdio: {
      ...SERVER,
      type: 'string',
      value: '"COMMAND ARGS"',
      help: 'A stdio server to start. No shell is used. Or give it after --.',
    },
    'connect-sse': { ...SERVER, type: 'string', value: 'URL', help: 'A server elsewhere, on HTTP+SSE.' },
    'connect-ws': { ...SERVER, type: 'string', value: 'URL', help: 'A server elsewhere, on WebSocket.' },
    'connect-streamable-http': { ...SERVER, type: 'string', value: 'URL', help: 'A server elsewhere.' },
    grpc: { ...SERVER, type: 'string', value: 'HOST:PORT', help: 'gRPC services, each method a tool.' },
    'grpc-proto': {
      ...SERVER,
      type: 'string',
      many: true,
      value: 'FILE',
      help: 'Its .proto files, where it has no reflection. Finds what they import.',
    },
    'grpc-descriptors': {
      ...SERVER,
      type: 'string',
      value: 'FILE',
      help: 'The same as protoc --descriptor_set_out and buf build write it.',
    },
    'grpc-tls': { ...SERVER, type: 'boolean', help: 'Speak TLS with it. The next two flags mean it anyway.' },
    'grpc-cert': {
      ...SERVER,
      type: 'string',
      value: 'FILE',
      help: 'PEM certificate of the authority to trust; with --grpc-key, of our own.',
    },
    'grpc-key': { ...SERVER, type: 'string', value: 'FILE', help: 'PEM key of our own certificate.' },
    'grpc-metadata': {
      ...SERVER,
      type: 'string',
      many: true,
      value: 'NAME=VALUE',
      help: 'Sent with every call. ${ENV} is replaced.',
    },
    config: {
      ...SERVER,
      type: 'string',
      short: 'c',
      value: 'FILE',
      help: 'mcpServers of any client, as JSON or JSONC; each at /NAME/mcp and /NAME/sse.',
    },
    'check-config': { ...SERVER, type: 'boolean', help: 'Say whether everything can be used, and end.' },
    'print-config': { ...SERVER, type: 'boolean', help: 'Print what would be served, without secrets, and end.' },
    header: {
      ...SERVER,
      type: 'string',
      many: true,
      value: '"NAME: VALUE"',
      help: 'Header for the server elsewhere. ${ENV} is replaced.',
    },
    oauth2Bearer: { ...SERVER, type: 'string', value: 'TOKEN', help: 'Token for it. ${ENV} is replaced.' },

    child: {
      ...CHILDREN,
      type: 'string',
      value: 'WHOSE',
      choices: ['auto', 'per-session', 'shared'],
      help: 'auto: shared, but of its own for a client that the server may ask something. Default auto.',
    },
    'max-children': {
      ...CHILDREN,
      type: 'integer',
      range: [1, 10_000],
      help: 'Children of single clients; the longest idle one makes room. Default 16.',
    },
    env: { ...CHILDREN, type: 'string', many: true, value: 'NAME=VALUE', help: 'Variable for every child.' },
    cwd: { ...CHILDREN, type: 'string', value: 'FOLDER', help: 'Working directory. Default this one.' },
    'enable-dynamic-env': { ...CHILDREN, type: 'boolean', help: 'Allow --header-to-env; which means it anyway.' },
    'header-to-env': {
      ...CHILDREN,
      type: 'string',
      many: true,
      value: 'HEADER=NAME',
      help: "A client's header becomes a variable of a child that serves nobody else.",
    },

    'expose-sse': {
      ...SERVING,
      type: 'boolean',
      help: 'Serve HTTP+SSE. Without any --expose flag it and Streamable HTTP are served.',
    },
    'expose-streamable-http': { ...SERVING, type: 'boolean', help: 'Serve Streamable HTTP on /mcp.' },
    'expose-ws': { ...SERVING, type: 'boolean', help: 'Serve WebSocket.' },
    port: {
      ...SERVING,
      type: 'integer',
      short: 'p',
      range: [0, 65_535],
      help: 'Port; 0 takes a free one. Default 8000.',
    },
    host: { ...SERVING, type: 'string', value: 'ADDRESS', help: 'Address to listen on. Default 127.0.0.1.' },
    ssePath: { ...SERVING, type: 'string', value: 'PATH', help: 'Path of the SSE stream. Default /sse.' },
    messagePath: {
      ...SERVING,
      type: 'string',
      value: 'PATH',
      help: 'Path that SSE clients post to. Default /message.',
    },
    wsPath: { ...SERVING, type: 'string', value: 'PATH', help: 'Path of WebSocket. Default /ws.' },
    'health-endpoint': {
      ...SERVING,
      type: 'string',
      many: true,
      value: 'PATH',
      help: 'Further paths that answer ok, as /healthz does.',
    },
    keepAlive: {
      ...SERVING,
      type: 'integer',
      value: 'SECONDS',
      range: [1, 3600],
      help: 'Between keep-alive comments on streams, and pings on WebSockets. Default 30.',
    },
    stateless: { ...SERVING, type: 'boolean', help: 'Streamable HTTP without sessions for old clients too.' },
    jsonResponse: { ...SERVING, type: 'boolean', help: 'Answer with JSON, never with a stream.' },
    'max-sessions': {
      ...SERVING,
      type: 'integer',
      range: [1, 1_000_000],
      help: 'Sessions; the longest idle one makes room. Default 1000.',
    },
    'session-timeout': {
      ...SERVING,
      type: 'integer',
      value: 'SECONDS',
      range: [1, 604_800],
      help: 'After which a session without use ends, and its child. Default 1800.',
    },
    timeout: {
      ...SERVING,
      type: 'integer',
      value: 'SECONDS',
      range: [1, 86_400],
      help: 'How long a call may take without progress. Default 300.',
    },

    cors: { ...ACCESS, type: 'string', many: true, value: 'ORIGIN', help: 'Web pages that may call; * for all.' },
    'api-key': {
      ...ACCESS,
      type: 'string',
      many: true,
      value: 'KEY',
      help: 'Ask for it. ${ENV} is replaced. Or FORGE_API_KEY.',
    },
    'insecure-no-auth': {
      ...ACCESS,
      type: 'boolean',
      help: 'Accept an address that others reach: whoever reaches it may use the server.',
    },
    'tls-cert': { ...ACCESS, type: 'string', value: 'FILE', help: 'PEM certificate: serve https.' },
    'tls-key': { ...ACCESS, type: 'string', value: 'FILE', help: 'Its PEM key.' },

    logLevel: {
      type: 'string',
      value: 'LEVEL',
      choices: ['debug', 'info', 'warning', 'error', 'critical'],
      help: 'debug, info, warning, error or critical. Default info.',
    },
    'log-format': { type: 'string', value: 'FORMAT', choices: ['text', 'json'], help: 'text or json. Default text.' },
    version: { type: 'boolean', help: 'Print the version.' },
  },
  examples: [
    ['A Git server for every client on this machine', 'forge-translate --stdio "uvx mcp-server-git" --port 9000'],
    [
      'Everything that Claude Desktop has, for the whole network, over https',
      "forge-translate --config claude_desktop_config.json --host 0.0.0.0 --api-key '${KEY}' --tls-cert c.pem --tls-key k.pem",
    ],
    [
      'Every client with its own token',
      'forge-translate --header-to-env X-GitHub-Token=GITHUB_PERSONAL_ACCESS_TOKEN -- npx -y @modelcontextprotocol/server-github',
    ],
  ],
} as const satisfies Command;
