import { UsageError } from '@forge/cli';
import { describe, expect, it } from 'vitest';
import { readCommandLine } from './options.ts';

const defaults = {
  child: ['uvx', 'server'],
  sse: true,
  streamableHttp: true,
  port: 8000,
  host: '127.0.0.1',
  insecure: false,
  origins: [],
  ssePath: '/sse',
  messagePath: '/message',
  keepAliveMs: 30_000,
  logLevel: 'info',
};

describe('the command line', () => {
  it.each([
    ['--stdio "uvx server"', ['--stdio', 'uvx server'], {}],
    ['the server after --', ['--', 'uvx', 'server'], {}],
    ['one --expose flag', ['--expose-sse', '--stdio', 'uvx server'], { streamableHttp: false }],
    ['the other one', ['--expose-streamable-http', '--stdio', 'uvx server'], { sse: false }],
    ['both', ['--expose-sse', '--expose-streamable-http', '--stdio', 'uvx server'], {}],
    [
      'every other flag',
      '--port 0 --host ::1 --ssePath /a --messagePath /b --keepAlive 5 --logLevel debug --cors http://a --cors * -- uvx server'.split(
        ' ',
      ),
      {
        port: 0,
        host: '::1',
        ssePath: '/a',
        messagePath: '/b',
        keepAliveMs: 5000,
        logLevel: 'debug',
        origins: ['http://a', '*'],
      },
    ],
  ])('takes %s', (_, argv, expected) => {
    expect(readCommandLine(argv)).toEqual({ ...defaults, ...expected });
  });

  it.each([
    [[], 'Which server?'],
    [['--stdio', '   '], 'Which server?'],
    [['--stdio', 'a', '--', 'b'], 'not both'],
    [['--stdio', 'a | b'], '--stdio: "|" is for a shell'],
    [['--stdio', 'a', '--oauth2Bearer', 't'], '--oauth2Bearer is for remote servers'],
    [['--stdio', 'a', '--ssePath', '/mcp'], '--ssePath must be a path'],
    [['--stdio', 'a', '--messagePath', 'b'], '--messagePath must be a path'],
    [['--stdio', 'a', '--cors', 'example.com'], '"example.com" is not an origin'],
    [['--stdoi', 'a'], 'Did you mean --stdio?'],
  ])('%j: %s', (argv, message) => {
    expect(() => readCommandLine(argv)).toThrow(UsageError);
    expect(() => readCommandLine(argv)).toThrow(message);
  });

  it('prefers help and version to everything else', () => {
    expect(readCommandLine(['--help', '--version'])).toBe('help');
    expect(readCommandLine(['--version'])).toBe('version');
  });
});
