import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { namesOf, textOf } from './clients/connect.ts';
import { inspect } from './clients/inspector.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { runPythonClient } from './clients/python-client.ts';
import { freePort } from './harness/net.ts';
import { inCheckout, SERVER_EVERYTHING } from './harness/paths.ts';
import { output, type Running, start } from './harness/process.ts';
import { createScope } from './harness/scope.ts';
import { hasUv, NEEDS_UV } from './harness/uv.ts';

/** What the README tells to type. Only the two ports are other ones here. */
const TYPED = {
  translate: 'npx @forge/translate --stdio "uvx mcp-server-git" --expose-sse --expose-streamable-http --port 9000',
  gateway: 'npx @forge/gateway',
  token: 'export TOKEN=$(npx @forge/gateway token --username admin@example.com --exp 10080); echo $TOKEN',
  register:
    'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d \'{"name":"git","url":"http://localhost:9000/mcp"}\' http://localhost:4444/gateways',
  tools: 'curl -H "Authorization: Bearer $TOKEN" http://localhost:4444/tools',
  compose:
    'curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d \'{"server":{"name":"dev","description":"...","associated_tools":["ID","ID"]}}\' http://localhost:4444/servers',
};

interface Tool {
  readonly id: string;
  readonly name: string;
}

describe.skipIf(!hasUv && process.env['CI'] === undefined)(`the walkthrough${NEEDS_UV}`, () => {
  const scope = createScope();
  const repository = scope.folder();
  let env: Record<string, string>;
  let ports: Record<string, string>;
  let gateway: Running;
  let serverId: string;
  let failed = false;

  const typed = (line: string) => line.replaceAll(/\b(?:9000|4444)\b/g, (port) => ports[port] ?? port);
  const shell = (line: string) => ({ command: 'sh', args: ['-c', typed(line)], env, cwd: inCheckout('.') });
  const curl = async (line: string) => JSON.parse(await output(shell(line))) as unknown;
  const url = () => typed(`http://localhost:4444/servers/${serverId}/mcp`);
  const call = { name: 'git_log', arguments: { repo_path: repository } };
  const client = () => ({ url: url(), token: env['TOKEN'] ?? '' });

  beforeAll(async () => {
    expect(hasUv, 'uvx is missing: pip install uv').toBe(true);
    const git = (...args: string[]) => execFileSync('git', ['-C', repository, ...args]);
    git('init', '--quiet');
    writeFileSync(`${repository}/hello.txt`, 'hello\n');
    git('add', '.');
    git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'The first commit');
    ports = { 9000: String(await freePort()), 4444: String(await freePort()) };
    env = { FORGE_DATA_DIR: `${scope.folder()}/data`, PORT: ports['4444'] ?? '' };
  });
  afterAll(() => scope.end());
  beforeEach(({ skip }) => skip(failed, 'a step before this one failed'));
  afterEach(({ task }) => {
    failed ||= task.result?.state === 'fail';
  });

  it('puts a stdio server on HTTP', { timeout: 180_000 }, async () => {
    const translate = start(scope, shell(TYPED.translate));
    await translate.says(/HTTP +http:\S+\/mcp[\s\S]*SSE +http:\S+\/sse/, 150_000);
    expect(translate.stderr).toContain('git_status');
  });

  it('starts the gateway and makes a token', { timeout: 60_000 }, async () => {
    gateway = start(scope, shell(TYPED.gateway));
    await gateway.says(/is ready on/);
    env['TOKEN'] = await output(shell(TYPED.token));
    expect(env['TOKEN']).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/);
  });

  it('registers the server, shows its tools and makes a virtual server of two', { timeout: 60_000 }, async () => {
    expect(await curl(TYPED.register)).toMatchObject({ id: expect.any(String), name: 'git' });
    const tools = (await curl(TYPED.tools)) as Tool[];
    const [log, status] = ['git_log', 'git_status'].map((name) => tools.find((tool) => tool.name.endsWith(name))?.id);
    expect([log, status]).toEqual([expect.any(String), expect.any(String)]);
    const line = TYPED.compose.replace('"ID","ID"', `"${log}","${status}"`);
    const server = (await curl(line)) as { id: string };
    expect(server).toMatchObject({ id: expect.any(String), name: 'dev' });
    serverId = server.id;
  });

  it('serves the Inspector', { timeout: 60_000 }, async () => {
    const { url: at, token } = client();
    const listed = await inspect(scope, at, token, ['--method', 'tools/list']);
    expect(listed).toMatchObject({ result: { tools: [{ name: 'git_status' }, { name: 'git_log' }] } });
    const args = [
      '--method',
      'tools/call',
      '--tool-name',
      call.name,
      '--tool-args-json',
      JSON.stringify(call.arguments),
    ];
    expect(JSON.stringify(await inspect(scope, at, token, args))).toContain('The first commit');
  });

  it.each([
    ['v1, legacy', connectLegacy],
    ['v2, pinned to 2026-07-28', connectModern],
  ])('serves the TypeScript SDK %s', { timeout: 60_000 }, async (_, connect) => {
    const connected = await connect(scope, client());
    expect(namesOf(await connected.listTools())).toEqual(['git_status', 'git_log']);
    expect(textOf(await connected.callTool(call))).toContain('The first commit');
  });

  it.each(['auto', 'legacy'] as const)('serves a client in Python, era %s', { timeout: 120_000 }, async (era) => {
    const { url: at, token } = client();
    const { protocolVersion, tools, answers } = await runPythonClient(at, token, era, [call]);
    expect(protocolVersion).toBe(era === 'auto' ? '2026-07-28' : '2025-11-25');
    expect(tools).toEqual(['git_status', 'git_log']);
    expect(answers[0]).toContain('The first commit');
  });

  it('serves servers over HTTP, over SSE and launched by itself as one', { timeout: 180_000 }, async () => {
    const everythingPort = await freePort();
    const everything = start(scope, {
      command: process.execPath,
      args: [SERVER_EVERYTHING, 'sse'],
      env: { PORT: String(everythingPort) },
    });
    await everything.says(/running on port/);
    const create = async (path: string, body: object) => {
      const line = TYPED.register.replace(/'.*'/, `'${JSON.stringify(body)}'`).replace('/gateways', path);
      const created = (await curl(line)) as { id: string };
      expect(created).toMatchObject({ id: expect.any(String) });
      return created.id;
    };
    await create('/gateways', { name: 'everything', url: `http://localhost:${everythingPort}/sse` });
    await create('/gateways', { name: 'time', command: 'uvx', args: ['mcp-server-time'] });
    const names = ['git-git_log', 'everything-echo', 'time-get_current_time'];
    const tools = ((await curl(TYPED.tools)) as Tool[]).filter(({ name }) => names.includes(name));
    expect(tools.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
    const server = { name: 'all', associated_tools: tools.map(({ id }) => id) };
    serverId = await create('/servers', { server });
    for (const connect of [connectLegacy, connectModern]) {
      const connected = await connect(scope, client());
      expect(namesOf(await connected.listTools()).toSorted()).toEqual(names.toSorted());
      expect(textOf(await connected.callTool({ ...call, name: 'git-git_log' }))).toContain('The first commit');
      expect(textOf(await connected.callTool({ name: 'everything-echo', arguments: { message: 'hi' } }))).toBe(
        'Echo: hi',
      );
      const time = await connected.callTool({
        name: 'time-get_current_time',
        arguments: { timezone: 'Europe/Tallinn' },
      });
      expect(textOf(time)).toContain('Europe/Tallinn');
    }
  });

  it('ends when it is told to, with what it launched', { timeout: 60_000 }, async () => {
    await gateway.stop(); // throws when a process is left
    expect(gateway.stderr).toContain('ended');
  });
});
