/** @module The flags of `forge-translate`, and what they mean. */
import { type Command, parseFlags, UsageError } from '@forge/cli';
import { CommandLineError, splitCommand } from './split-command.ts';

/** `forge-translate` as it is typed. */
export const command = {
  name: 'forge-translate',
  summary: 'Puts a stdio MCP server on HTTP, for many clients at once.',
  rest: 'COMMAND [ARG...]',
  flags: {
    stdio: {
      type: 'string',
      value: '"COMMAND ARGS"',
      help: 'The server to start. No shell is used. Or give it after --.',
    },
    'expose-sse': { type: 'boolean', help: 'Serve HTTP+SSE. Without either --expose flag both are served.' },
    'expose-streamable-http': { type: 'boolean', help: 'Serve Streamable HTTP on /mcp.' },
    port: { type: 'integer', short: 'p', range: [0, 65_535], help: 'Port; 0 takes a free one. Default 8000.' },
    host: { type: 'string', value: 'ADDRESS', help: 'Address to listen on. Default 127.0.0.1.' },
    'insecure-no-auth': {
      type: 'boolean',
      help: 'Accept an address that others reach: whoever reaches it may use the server.',
    },
    cors: { type: 'string', many: true, value: 'ORIGIN', help: 'Origins of web pages that may call.' },
    ssePath: { type: 'string', value: 'PATH', help: 'Path of the SSE stream. Default /sse.' },
    messagePath: { type: 'string', value: 'PATH', help: 'Path that SSE clients post to. Default /message.' },
    keepAlive: {
      type: 'integer',
      range: [1, 3600],
      help: 'Seconds between keep-alive comments on streams. Default 30.',
    },
    logLevel: {
      type: 'string',
      value: 'LEVEL',
      choices: ['debug', 'info', 'warning', 'error', 'critical'],
      help: 'debug, info, warning, error or critical. Default info.',
    },
    oauth2Bearer: { type: 'string', value: 'TOKEN', help: 'Token for a remote server. A stdio server takes none.' },
    version: { type: 'boolean', help: 'Print the version.' },
  },
  examples: [
    ['A Git server for every client on this machine', 'forge-translate --stdio "uvx mcp-server-git" --port 9000'],
    [
      'The same, with arguments that need no second quoting',
      'forge-translate --port 9000 -- uvx mcp-server-git --repository "/my repo"',
    ],
    ['For a web page that runs elsewhere', 'forge-translate --stdio "npx -y my-server" --cors https://app.example.com'],
  ],
} as const satisfies Command;

/** How much is said on standard error. */
export type LogLevel = 'debug' | 'info' | 'warning' | 'error' | 'critical';

/** A usable command line. */
export interface CommandLine {
  /** Program and arguments of the stdio server. */
  readonly child: readonly [program: string, ...args: string[]];
  readonly sse: boolean;
  readonly streamableHttp: boolean;
  readonly port: number;
  readonly host: string;
  readonly insecure: boolean;
  readonly origins: readonly string[];
  readonly ssePath: string;
  readonly messagePath: string;
  readonly keepAliveMs: number;
  readonly logLevel: LogLevel;
}

/**
 * Reads the command line.
 *
 * @returns `'help'` or `'version'` where that was asked for.
 * @throws UsageError
 */
export function readCommandLine(argv: readonly string[]): CommandLine | 'help' | 'version' {
  const { values, help, rest } = parseFlags(command, argv);
  if (help) return 'help';
  if (values.version === true) return 'version';
  if (values.oauth2Bearer !== undefined)
    throw new UsageError(
      '--oauth2Bearer is for remote servers; a stdio server gets its credentials from its environment.',
    );
  const both = values['expose-sse'] === undefined && values['expose-streamable-http'] === undefined;
  return {
    child: childOf(values.stdio, rest),
    sse: both || values['expose-sse'] === true,
    streamableHttp: both || values['expose-streamable-http'] === true,
    port: values.port ?? 8000,
    host: values.host ?? '127.0.0.1',
    insecure: values['insecure-no-auth'] ?? false,
    origins: (values.cors ?? []).map(origin),
    ssePath: path('--ssePath', values.ssePath ?? '/sse'),
    messagePath: path('--messagePath', values.messagePath ?? '/message'),
    keepAliveMs: (values.keepAlive ?? 30) * 1000,
    logLevel: (values.logLevel ?? 'info') as LogLevel,
  };
}

function childOf(stdio: string | undefined, rest: readonly string[]): CommandLine['child'] {
  if (stdio !== undefined && rest.length > 0)
    throw new UsageError('Give the server either as --stdio or after --, not both.');
  const [program, ...args] = stdio === undefined ? rest : words(stdio);
  if (program === undefined || program === '') throw new UsageError('Which server? Give it as --stdio "COMMAND ARGS".');
  return [program, ...args];
}

function words(stdio: string): string[] {
  try {
    return splitCommand(stdio);
  } catch (error) {
    throw error instanceof CommandLineError ? new UsageError(`--stdio: ${error.message}`) : error;
  }
}

function path(flag: string, text: string): string {
  if (/^\/[\w./~-]*$/.test(text) && text !== '/mcp' && text !== '/healthz') return text;
  throw new UsageError(`${flag} must be a path such as /sse, and not /mcp or /healthz.`);
}

function origin(text: string): string {
  if (text === '*' || (URL.canParse(text) && new URL(text).origin === text)) return text;
  throw new UsageError(`--cors: "${text}" is not an origin such as https://app.example.com.`);
}
