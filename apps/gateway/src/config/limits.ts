/** @module Settings: how much and how long. */
import { choice, flag, integer } from './fields.ts';

/** Settings of bounds, times and names. */
export const limitSettings = {
  TOOL_TIMEOUT: integer(1, 86_400).default(60).describe('Seconds that a call to an upstream may take.'),
  TOOL_RATE_LIMIT: integer(0, 100_000)
    .default(0)
    .describe('Calls of one tool that may begin within a minute, whatever is behind it; 0 for any number.'),
  TOOL_CONCURRENT_LIMIT: integer(0, 100_000)
    .default(0)
    .describe('Calls of one tool that may be under way at once, whatever is behind it; 0 for any number.'),
  MAX_TOOL_RETRIES: integer(0, 10)
    .optional()
    .meta({ fallback: '3 for REST tools, whose methods say what may be repeated, and 0 for others' })
    .describe(
      'Times that a failed call of a tool is made again, where it was not dispatched or may be repeated without harm.',
    ),
  REST_MAX_ANSWER_BYTES: integer(1024, 64_000_000)
    .default(1_000_000)
    .describe('Bytes of the answer of a REST tool that are passed on; a longer one is an error that says so.'),
  MCPGATEWAY_A2A_ENABLED: flag()
    .default(true)
    .describe('Whether agents can be upstreams, and virtual servers be published as agents.'),
  MCPGATEWAY_A2A_DEFAULT_TIMEOUT: integer(1, 86_400)
    .optional()
    .meta({ fallback: 'TOOL_TIMEOUT' })
    .describe('Seconds that a call to an agent may take; progress gives it the whole time again.'),
  HEALTH_CHECK_INTERVAL: integer(1, 86_400).default(60).describe('Seconds between looks at each upstream.'),
  MCP_MAX_SESSIONS: integer(1, 1_000_000)
    .default(10_000)
    .describe(
      'Sessions of MCP clients that are in memory at once. The longest idle one makes room until it is used again.',
    ),
  SESSION_TTL: integer(1, 604_800)
    .default(3600)
    .describe('Seconds after which an idle session of an MCP client leaves memory until it is used again.'),
  SSE_KEEPALIVE_ENABLED: flag().default(true).describe('Whether open event streams get a comment now and then.'),
  SSE_KEEPALIVE_INTERVAL: integer(1, 3600)
    .default(30)
    .describe('Seconds between two such comments; less than the idle timeout of every proxy in between.'),
  SSE_RETRY_TIMEOUT: integer(1, 3_600_000)
    .default(5000)
    .describe('Milliseconds after which a client that has lost an event stream should come back for it.'),
  MCP_MAX_BODY_BYTES: integer(1024, 1_073_741_824)
    .default(4_194_304)
    .describe('Bytes that the body of a request, or a message on a WebSocket, may have.'),
  WEBSOCKET_PING_INTERVAL: integer(1, 3600)
    .default(30)
    .describe('Seconds between pings to WebSocket clients; one that stays silent for as long is cut.'),
  FORGE_ALLOW_STDIO: flag()
    .optional()
    .meta({ fallback: 'true on a loopback address, false elsewhere' })
    .describe('Whether upstreams may be commands that the gateway launches on its own machine.'),
  GATEWAY_TOOL_NAME_SEPARATOR: choice(['-', '--', '_', '.'])
    .default('-')
    .describe("What stands between an upstream's name and a tool's name where upstreams share an endpoint."),
};
