import { helpText, UsageError } from '@forge/cli';
import { describe, expect, it } from 'vitest';
import { command } from './flags.ts';
import { type CommandLine, readCommandLine } from './options.ts';
import { printConfig } from './print-config.ts';

const ENVIRONMENT = { PATH: '/bin', KEY: 'a-long-key' };
const defaults = {
  servers: [{ command: 'uvx', args: ['server'], env: ENVIRONMENT }],
  sse: true,
  streamableHttp: true,
  webSocket: false,
  ssePath: '/sse',
  messagePath: '/message',
  wsPath: '/ws',
  healthPaths: ['/healthz'],
  apiKeys: [],
  headerToEnv: new Map(),
};

function read(argv: readonly string[]): CommandLine {
  const line = readCommandLine(argv, ENVIRONMENT);
  if (typeof line === 'string') throw new Error(line);
  return line;
}

describe('the command line', () => {
  it.each([
    ['--stdio "uvx server"', ['--stdio', 'uvx server'], {}],
    ['the server after --', ['--', 'uvx', 'server'], {}],
    ['one --expose flag', ['--expose-sse', '--stdio', 'uvx server'], { streamableHttp: false }],
    ['the other one', ['--expose-streamable-http', '--stdio', 'uvx server'], { sse: false }],
    [
      'WebSocket alone',
      ['--expose-ws', '--stdio', 'uvx server'],
      { sse: false, streamableHttp: false, webSocket: true },
    ],
    [
      'all three',
      ['--expose-sse', '--expose-streamable-http', '--expose-ws', '--wsPath', '/socket', '--stdio', 'uvx server'],
      { webSocket: true, wsPath: '/socket' },
    ],
    ['both', ['--expose-sse', '--expose-streamable-http', '--stdio', 'uvx server'], {}],
    [
      'every other flag',
      [
        ...'--port 0 --host ::1 --ssePath /a --messagePath /b --keepAlive 5 --cors http://a --cors * --api-key ${KEY}'.split(
          ' ',
        ),
        ...'--health-endpoint /live --session-timeout 9 --max-sessions 8 --max-children 7 --timeout 6'.split(' '),
        ...'--child shared --stateless --jsonResponse --insecure-no-auth --enable-dynamic-env'.split(' '),
        ...'--header-to-env X-Token=TOKEN --env A=b=${KEY} --cwd /tmp -- uvx server'.split(' '),
      ],
      {
        servers: [{ command: 'uvx', args: ['server'], cwd: '/tmp', env: { ...ENVIRONMENT, A: 'b=a-long-key' } }],
        port: 0,
        host: '::1',
        ssePath: '/a',
        messagePath: '/b',
        keepAliveMs: 5000,
        allowedOrigins: ['http://a', '*'],
        apiKeys: ['a-long-key'],
        healthPaths: ['/healthz', '/live'],
        sessionTimeoutMs: 9000,
        maxSessions: 8,
        maxChildren: 7,
        requestTimeoutMs: 6000,
        child: 'shared',
        stateless: true,
        jsonResponse: true,
        insecure: true,
        headerToEnv: new Map([['x-token', 'TOKEN']]),
      },
    ],
    [
      'a server on HTTP+SSE',
      ['--connect-sse', 'http://h/sse', '--header', 'X-A: ${KEY}', '--oauth2Bearer', 't'],
      {
        servers: [
          {
            url: 'http://h/sse',
            transport: 'sse',
            headers: { 'x-a': 'a-long-key', authorization: 'Bearer t' },
          },
        ],
      },
    ],
    [
      'one on Streamable HTTP',
      ['--connect-streamable-http', 'https://h/mcp'],
      { servers: [{ url: 'https://h/mcp', transport: 'streamable-http', headers: {} }] },
    ],
    [
      'one on WebSocket',
      ['--connect-ws', 'wss://h/ws'],
      { servers: [{ url: 'wss://h/ws', transport: 'websocket', headers: {} }] },
    ],
  ])('takes %s', (_, argv, expected) => {
    expect(read(argv).translate).toEqual({ ...defaults, ...expected });
  });

  it.each([
    [[], 'Which server?'],
    [['--stdio', '   '], 'Which server?'],
    [['--stdio', 'a', '--', 'b'], 'not both'],
    [['--stdio', 'a', '--connect-sse', 'http://a'], 'not both'],
    [['--stdio', 'a | b'], '--stdio: "|" is for a shell'],
    [['--stdio', 'a', '--oauth2Bearer', 't'], '--oauth2Bearer are for servers elsewhere'],
    [['--stdio', 'a', '--ssePath', '/mcp'], '--ssePath must be a path'],
    [['--stdio', 'a', '--messagePath', 'b'], '--messagePath must be a path'],
    [['--stdio', 'a', '--ssePath', '/a', '--messagePath', '/a'], 'must differ'],
    [['--stdio', 'a', '--cors', 'example.com'], '"example.com" is not an origin'],
    [['--stdio', 'a', '--api-key', 'short'], 'at least 8 characters'],
    [['--stdio', 'a', '--api-key', '${NO_SUCH}'], '${NO_SUCH} is not set'],
    [['--stdio', 'a', '--header-to-env', 'X-A'], 'HEADER=NAME'],
    [['--stdio', 'a', '--header-to-env', 'X-A=LD_PRELOAD'], 'decides what is executed'],
    [['--connect-sse', 'http://a', '--header-to-env', 'X-A=B'], '--header-to-env is for children'],
    [['--connect-sse', 'ftp://a'], 'need a URL of http or https'],
    [['--connect-ws', 'http://a'], 'needs a URL of ws or wss'],
    [['--connect-ws', 'ws://a', '--header-to-env', 'X-A=B'], '--header-to-env is for children'],
    [['--stdio', 'a', '--wsPath', '/sse'], 'must differ'],
    [['--stdio', 'a', '--tls-cert', 'c'], 'go together'],
    [['--stdio', 'a', '--env', 'A'], 'NAME=VALUE'],
    [['--stdio', 'a', '--stateless', '--child', 'per-session'], 'a child for every request'],
    [['--grpc', 'localhost'], '--grpc must be HOST:PORT'],
    [['--grpc', 'localhost:0'], '--grpc must be HOST:PORT'],
    [['--grpc', 'a:1', '--stdio', 'a'], 'once'],
    [['--grpc', 'a:1', '--grpc-key', 'k.pem'], '--grpc-key goes with --grpc-cert'],
    [['--grpc', 'a:1', '--grpc-metadata', 'k'], '--grpc-metadata must be NAME=VALUE'],
    [['--grpc', 'a:1', '--header-to-env', 'X-A=B'], '--header-to-env is for children'],
    [['--grpc', 'a:1', '--grpc-proto', 'a', '--grpc-descriptors', 'b'], 'not both'],
    [['--stdio', 'a', '--grpc-tls'], 'go with --grpc'],
    [['--config', '/no/such.json'], 'cannot be read'],
    [['--stdoi', 'a'], 'Did you mean --stdio?'],
  ])('%j: %s', (argv, message) => {
    expect(() => read(argv)).toThrow(UsageError);
    expect(() => read(argv)).toThrow(message);
  });

  it.each([
    [['localhost:50051'], { host: 'localhost', port: 50_051, tls: undefined, metadata: {} }],
    [['[::1]:1', '--grpc-tls'], { host: '::1', port: 1, tls: {} }],
    [['grpcs://a.test:443'], { host: 'a.test', port: 443, tls: {} }],
    [['a:1', '--grpc-proto', 'a.proto', '--grpc-proto', 'b.proto'], { protos: ['a.proto', 'b.proto'] }],
    [['a:1', '--grpc-cert', 'c.pem', '--grpc-key', 'k.pem'], { tls: { cert: 'c.pem', key: 'k.pem' } }],
    [
      ['a:1', '--grpc-metadata', 'X-Key=${KEY}', '--oauth2Bearer', 't'],
      { metadata: { 'x-key': 'k=v', authorization: 'Bearer t' } },
    ],
  ])('reads --grpc %j', (argv, grpc) => {
    const line = readCommandLine(['--grpc', ...argv], { KEY: 'k=v' }) as CommandLine;
    expect(line.translate.servers).toMatchObject([{ grpc }]);
  });

  it('does not print the metadata', () => {
    const line = readCommandLine(['--grpc', 'a:1', '--grpc-metadata', 'x-key=hunter2'], {}) as CommandLine;
    expect(printConfig(line, {})).toContain('"x-key": "[secret]"');
  });

  it('keeps the key that it asks clients for from the children', () => {
    const line = readCommandLine(['--stdio', 'a'], { FORGE_API_KEY: 'a-long-key' }) as CommandLine;
    expect(line.translate).toMatchObject({ apiKeys: ['a-long-key'], servers: [{ command: 'a', env: {} }] });
    expect(JSON.stringify(line.translate.servers)).not.toContain('a-long-key');
  });

  it('prefers help and version to everything else', () => {
    expect(readCommandLine(['--help', '--version'], {})).toBe('help');
    expect(readCommandLine(['--version'], {})).toBe('version');
  });

  it('groups its flags in the help text, and shows three examples', () => {
    const help = helpText(command);
    for (const group of ['Which server', 'Children and their environment', 'Where and how', 'Who may come in'])
      expect(help).toMatch(new RegExp(`^${group}.*:$`, 'm'));
    expect(help.match(/^ {2}forge-translate /gm)).toHaveLength(3);
  });
});
