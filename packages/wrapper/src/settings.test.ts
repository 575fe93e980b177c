import { parseFlags } from '@forge/cli';
import { describe, expect, it } from 'vitest';
import { command } from './options.ts';
import { readSettings } from './settings.ts';

const settings = (argv: readonly string[], env: Record<string, string> = {}) =>
  readSettings(parseFlags(command, argv).values, env);
const URL_FLAG = ['--url', 'https://mcp.example.com/mcp'];

describe('settings', () => {
  it('come from flags before variables', () => {
    const env = {
      MCP_SERVER_URL: 'http://b/mcp',
      MCP_AUTH: 'Bearer b',
      MCP_TOOL_CALL_TIMEOUT: '5',
      MCP_WRAPPER_LOG_LEVEL: 'ERROR',
    };
    expect(settings([], env)).toMatchObject({
      url: new URL('http://b/mcp'),
      headers: { authorization: 'Bearer b' },
      callTimeoutMs: 5000,
      logLevel: 'error',
    });
    const flags = [...URL_FLAG, '--auth', 'Basic a', '--timeout', '7', '--log-level', 'debug'];
    expect(settings(flags, env)).toMatchObject({
      url: new URL('https://mcp.example.com/mcp'),
      headers: { authorization: 'Basic a' },
      callTimeoutMs: 7000,
      logLevel: 'debug',
    });
  });

  it('complete the address of a virtual server, and no other', () => {
    expect(settings(['--url', 'http://g:4444/servers/abc/']).url.href).toBe('http://g:4444/servers/abc/mcp');
    expect(settings(['--url', 'http://g:4444/servers/abc/sse']).url.href).toBe('http://g:4444/servers/abc/sse');
    expect(settings(['--url', 'ws://g:4444/servers/abc']).url.href).toBe('ws://g:4444/servers/abc/ws');
    expect(settings(['--url', 'http://g/']).url.href).toBe('http://g/');
  });

  it.each(['OFF', 'none', 'Disable', 'false', '0'])('silence the log with %s', (word) => {
    expect(settings(URL_FLAG, { MCP_WRAPPER_LOG_LEVEL: word }).logLevel).toBe('off');
  });

  it('make a login only where no credential is given', () => {
    expect(settings(URL_FLAG).login).toMatchObject({ way: 'auto', callbackPort: 0 });
    expect(settings([...URL_FLAG, '--header', 'Authorization: x']).login).toBeUndefined();
    expect(settings([...URL_FLAG, '--oauth', 'off']).login).toBeUndefined();
    expect(settings(['--url', 'wss://a/ws']).login).toBeUndefined();
  });

  it('take globs in one list or several', () => {
    expect(settings([...URL_FLAG, '--tools', 'a*, b', '!c', '--tools', 'd']).tools).toEqual(['a*', 'b', '!c', 'd']);
  });

  it.each([
    [['--url', 'ftp://a'], 'must be an http or https URL'],
    [['--url', 'ws://a', '--transport', 'sse'], 'are for http and https URLs'],
    [['--url', 'ws://a', '--proxy', 'http://p'], 'are for http and https URLs'],
    [[...URL_FLAG, '--proxy', 'proxy:3128'], '--proxy must be'],
    [[...URL_FLAG, '--ca', '/does/not/exist'], '--ca: /does/not/exist cannot be read (ENOENT)'],
    [[...URL_FLAG, '--oauth', 'client-credentials'], 'needs --client-id'],
    [[...URL_FLAG, '--client-metadata-url', 'http://a'], 'must be an https URL'],
    [[...URL_FLAG, '--log-level', 'loud'], '--log-level must be one of'],
  ])('%j are refused: %s', (argv, message) => {
    expect(() => settings(argv)).toThrow(message);
  });
});
