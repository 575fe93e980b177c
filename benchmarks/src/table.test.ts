import { describe, expect, it } from 'vitest';
import type { Case, Row } from './cells.ts';
import { goalsOf, inOrder, jsonOf, tableOf } from './table.ts';

const metrics = (rps: number) => ({ rps, p50Ms: 2.5, p99Ms: 8, cpuUs: 94, rssMb: undefined });
const row = (rest: Partial<Row>): Row => ({
  case: 'gateway-policy',
  era: 'modern',
  concurrency: 32,
  payload: '1k',
  value: metrics(9000),
  toRaw: metrics(0.3),
  toBare: metrics(0.75),
  steady: true,
  ...rest,
});
const bare = row({ case: 'bare', toBare: metrics(1) });
const list = row({ case: 'list', payload: '1000-tools', toRaw: metrics(0.69), toBare: undefined, steady: false });

describe('results', () => {
  it('stand with those they compare to', () => {
    const legacy = row({ era: 'legacy', case: 'raw' });
    expect(inOrder([legacy, list, row({}), bare])).toEqual([bare, row({}), list, legacy]);
  });

  it('become a Markdown table that marks unsteady rows and what was not measured', () => {
    const lines = tableOf([bare, list]).split('\n');
    const cells = lines.map((line) => line.split('|').map((cell) => cell.trim()));
    expect(cells[2]?.slice(1, 8)).toEqual(['bare', 'modern', '32', '1k', '9000', '0.30', '1.00']);
    expect(cells[3]?.slice(1, 8)).toEqual(['~list', 'modern', '32', '1000-tools', '9000', '0.69', '-']);
    expect(cells[3]?.slice(-7)).toEqual(['-', '-', '-', '-', '-', '-', '']);
  });

  it('are judged by the goals, and only those that have one', () => {
    expect(goalsOf([bare, row({}), row({ concurrency: 1 }), list])).toBe(
      'met    gateway-policy modern c=32 1k: 0.75 of bare, goal 0.75\n' +
        'missed list modern c=32 1000-tools: 0.69 of raw, goal 0.7\n',
    );
  });

  it('are judged beside the bare bridge and wrapper, by their starts, and beside the programs of others', () => {
    const translate = row({ case: 'translate', toRaw: undefined, value: { ...metrics(9000), startMs: 301 } });
    const wrapper = row({ case: 'wrapper', toRaw: undefined, value: { ...metrics(9000), startMs: 199 } });
    const first = { concurrency: 1, toBare: { ...metrics(0.5), p50Ms: 1.41 } };
    const mcpProxy = row({ case: 'mcp-proxy', toRaw: undefined, toBare: metrics(0.1) });
    const mcpRemote = row({ case: 'mcp-remote', toRaw: undefined, toBare: metrics(0.05) });
    const rows = [translate, { ...wrapper, ...first }, wrapper, mcpProxy, mcpRemote];
    expect(goalsOf(rows).split('\n')).toEqual([
      'met    translate modern c=32 1k: 0.75 of bare-bridge, goal 0.5',
      'missed translate modern c=32 1k: starts in 301 ms, goal 300',
      "missed wrapper modern c=1 1k: 1.41 of bare-wrapper's p50, goal at most 1.4",
      'met    wrapper modern c=1 1k: starts in 199 ms, goal 200',
      'missed mcp-proxy modern c=32 1k: 7.50 times as much by translate, goal 8',
      'met    mcp-remote modern c=32 1k: 15.00 times as much by wrapper, goal 8',
      '',
    ]);
  });

  it('judge lists beside the raw responder, whatever they list', () => {
    const of = (name: Case, rps: number) => row({ case: name, toRaw: metrics(rps), toBare: undefined });
    const tools = { ...of('list', 0.7), payload: '1000-tools' } as const;
    const operations = { ...of('list-openapi', 0.69), payload: '2000-operations' } as const;
    expect(goalsOf([tools, operations])).toBe(
      'met    list modern c=32 1000-tools: 0.70 of raw, goal 0.7\n' +
        'missed list-openapi modern c=32 2000-operations: 0.69 of raw, goal 0.7\n',
    );
    expect(inOrder([operations, tools]).map((it) => it.case)).toEqual(['list', 'list-openapi']);
  });

  it('judge gRPC and REST by the CPU that the gateway adds to a direct call, beside what it adds to an MCP call', () => {
    const cpu = (name: Case, cpuUs: number) =>
      row({ case: name, toBare: undefined, value: { ...metrics(9000), cpuUs } });
    const rows = [cpu('gateway', 70), cpu('direct-undici', 30), cpu('direct-grpc', 100), cpu('grpc', 164)];
    const what = 'of the CPU that the gateway adds to an MCP call, goal at most 1.5';
    expect(goalsOf(rows)).toBe(`missed grpc modern c=32 1k: 1.60 ${what}\n`);
    expect(goalsOf(rows.slice(1))).toBe('');
    const rest = [...rows.slice(0, 2), cpu('direct-rest', 40), cpu('rest', 100)];
    expect(goalsOf(rest)).toBe(`met    rest modern c=32 1k: 1.50 ${what}\n`);
    expect(goalsOf([...rows.slice(0, 2), cpu('direct-a2a', 40), cpu('a2a', 400)])).toBe('');
  });

  it('say in JSON how long the start took where it was measured', () => {
    const translate = row({ case: 'translate', toRaw: undefined, value: { ...metrics(9000), startMs: 123.4567 } });
    expect(JSON.parse(jsonOf([translate]))).toMatchObject([{ ratio_raw: null, ratio_bare: 0.75, start_ms: 123.457 }]);
  });

  it('become JSON with the documented members', () => {
    expect(JSON.parse(jsonOf([list]))).toEqual([
      {
        case: 'list',
        era: 'modern',
        concurrency: 32,
        payload: '1000-tools',
        rps: 9000,
        p50_ms: 2.5,
        p99_ms: 8,
        cpu_us: 94,
        rss_mb: null,
        ratio_raw: 0.69,
        ratio_bare: null,
      },
    ]);
  });
});
