import { JsonText, type UpstreamInfo } from '@forge/protocol';
import { describe, expect, it } from 'vitest';
import { report } from './report.ts';

const info = (serverInfo: object): UpstreamInfo => ({
  era: 'legacy',
  protocolVersion: '2025-11-25',
  transport: 'stdio',
  reason: '',
  description: { serverInfo: JsonText.of(serverInfo), capabilities: JsonText.of({}), ttlMs: 0, cacheScope: 'private' },
});

const WRAPPER = ['-y', '@forge/wrapper', '--url', 'http://127.0.0.1:8000/mcp'];

describe('the report', () => {
  it('names server, tools and addresses, and has blocks that clients take', () => {
    const text = report([
      {
        spec: { command: 'uvx', args: ['mcp-server-git', '--api-key', 'hidden', 'ghp_0123456789abcdef'] },
        info: info({ name: 'Git Server', version: '1.2' }),
        tools: ['git_log', 'git_diff'],
        mcpUrl: 'http://127.0.0.1:8000/mcp',
        sseUrl: 'http://127.0.0.1:8000/sse',
      },
    ]);
    expect(text).toContain('Started  uvx mcp-server-git --api-key [secret] [secret]\n');
    expect(text).toContain('Server   Git Server 1.2, MCP 2025-11-25 (legacy)\nTools    2: git_log, git_diff\n');
    expect(text).toContain('HTTP     http://127.0.0.1:8000/mcp\nSSE      http://127.0.0.1:8000/sse\n');
    const blocks = text
      .split('\n')
      .filter((line) => line.startsWith('  '))
      .map((line) => JSON.parse(line) as unknown);
    expect(blocks).toEqual([
      { mcpServers: { 'git-server': { type: 'http', url: 'http://127.0.0.1:8000/mcp' } } },
      { servers: { 'git-server': { type: 'http', url: 'http://127.0.0.1:8000/mcp' } } },
      { mcpServers: { 'git-server': { command: 'npx', args: WRAPPER } } },
    ]);
  });

  it('has one block for all servers, says which failed, and tells where the key goes without saying it', () => {
    const text = report(
      [
        {
          spec: { name: 'a b', command: 'a' },
          info: info({}),
          tools: [],
          mcpUrl: 'http://h/a%20b/mcp',
          sseUrl: undefined,
        },
        {
          spec: { name: 'c', command: 'c' },
          error: new Error('boom\u001b\nlast words'),
          mcpUrl: 'http://h/c/mcp',
          sseUrl: undefined,
        },
      ],
      true,
    );
    expect(text).toContain('Failed   boom?\n         last words\n');
    const blocks = text.split('\n').filter((line) => line.startsWith('  {'));
    expect(JSON.parse(blocks[0] ?? '')).toEqual({
      mcpServers: {
        'a-b': { type: 'http', url: 'http://h/a%20b/mcp', headers: { Authorization: 'Bearer YOUR_KEY' } },
        c: { type: 'http', url: 'http://h/c/mcp', headers: { Authorization: 'Bearer YOUR_KEY' } },
      },
    });
    expect(blocks[2]).toContain('"--auth","Bearer YOUR_KEY"');
  });

  it('offers the SSE address where it is the only one', () => {
    const text = report([
      { spec: { command: 'a' }, info: info({}), tools: undefined, mcpUrl: undefined, sseUrl: 'http://h/sse' },
    ]);
    expect(text).toContain('{"servers":{"server":{"type":"sse","url":"http://h/sse"}}}');
    expect(text).toContain('Tools    none');
  });

  it('keeps what a server calls itself from steering the terminal', () => {
    const tools = ['\u001b]0;owned\u0007', ...Array.from({ length: 30 }, (_, index) => `t${index}`)];
    const server = { info: info({ name: 'x\u001b[2J' }), tools, mcpUrl: 'http://h/mcp', sseUrl: undefined };
    const text = report([{ spec: { command: 'a\u001b' }, ...server }]);
    expect(text).not.toContain('\u001b');
    expect(text).toContain('31: ?]0;owned?, t0');
    expect(text).toContain('and 11 more');
  });
});
