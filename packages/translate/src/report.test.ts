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

describe('the report', () => {
  it('names server, tools and addresses, and has blocks that clients take', () => {
    const text = report({
      command: 'uvx mcp-server-git',
      info: info({ name: 'Git Server', version: '1.2' }),
      tools: ['git_log', 'git_diff'],
      mcpUrl: 'http://127.0.0.1:8000/mcp',
      sseUrl: 'http://127.0.0.1:8000/sse',
    });
    expect(text).toContain('Server   Git Server 1.2, MCP 2025-11-25 (legacy)\nTools    2: git_log, git_diff\n');
    expect(text).toContain('HTTP     http://127.0.0.1:8000/mcp\nSSE      http://127.0.0.1:8000/sse\n');
    const blocks = text
      .split('\n')
      .filter((line) => line.startsWith('  '))
      .map((line) => JSON.parse(line) as unknown);
    expect(blocks).toEqual([
      { mcpServers: { 'git-server': { type: 'http', url: 'http://127.0.0.1:8000/mcp' } } },
      { servers: { 'git-server': { type: 'http', url: 'http://127.0.0.1:8000/mcp' } } },
      { mcpServers: { 'git-server': { command: 'npx', args: ['-y', 'mcp-remote', 'http://127.0.0.1:8000/mcp'] } } },
    ]);
  });

  it('offers the SSE address where it is the only one', () => {
    const text = report({ command: 'a', info: info({}), tools: undefined, mcpUrl: undefined, sseUrl: 'http://h/sse' });
    expect(text).toContain('{"servers":{"server":{"type":"sse","url":"http://h/sse"}}}');
    expect(text).toContain('Tools    none');
  });

  it('keeps what a server calls itself from steering the terminal', () => {
    const tools = ['\u001b]0;owned\u0007', ...Array.from({ length: 30 }, (_, index) => `t${index}`)];
    const text = report({
      command: 'a',
      info: info({ name: 'x\u001b[2J' }),
      tools,
      mcpUrl: 'http://h/mcp',
      sseUrl: undefined,
    });
    expect(text).not.toContain('\u001b');
    expect(text).toContain('31: ?]0;owned?, t0');
    expect(text).toContain('and 11 more');
  });
});
