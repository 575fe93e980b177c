/** @module Settings: where the gateway listens and to whom it talks. */
import { SUPPORTED_VERSIONS } from '@forge/protocol';
import { z } from 'zod';
import { hosts, integer, origins, revisions, transports } from './fields.ts';

/** Settings of the HTTP server. */
export const serverSettings = {
  HOST: z
    .string()
    .default('127.0.0.1')
    .describe('Address to listen on. Anything but a loopback address opens the gateway to other machines.'),
  PORT: integer(0, 65_535).default(4444).describe('Port to listen on; 0 takes a free one.'),
  ALLOWED_ORIGINS: origins()
    .default([])
    .describe(
      'Origins of web pages that may call the gateway, separated by commas. Pages of the gateway itself always may.',
    ),
  ALLOWED_HOSTS: hosts()
    .default([])
    .describe(
      'Names that the Host header may have besides those of this machine, as behind a proxy; separated by commas.',
    ),
  TRANSPORT_TYPE: transports()
    .default(['streamablehttp', 'sse', 'ws'])
    .describe(
      'Transports that clients may use: all, or some of streamablehttp (or http: /mcp), sse (/sse, /message) and ws (/ws), separated by commas. The paths of the others answer 404.',
    ),
  PROTOCOL_VERSION: revisions()
    .default([...SUPPORTED_VERSIONS])
    .describe(
      'Revisions of MCP that clients are served, in order of preference and separated by commas. A single one is only ' +
        'the first choice, offered to a client that asks `initialize` for a revision that is not served; the others ' +
        'are served as well, unless it stands in brackets: ["2026-07-28"]. A virtual server can have fewer.',
    ),
  SHUTDOWN_TIMEOUT: integer(0, 3600)
    .default(10)
    .describe('Seconds that calls in flight have to finish after SIGTERM or SIGINT.'),
};
