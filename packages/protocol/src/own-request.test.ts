import { describe, expect, it } from 'vitest';
import type { ExchangeRequest } from './exchange.ts';
import { JsonText } from './json-text.ts';
import { resultOutcome } from './outcome.ts';
import { listToolNames } from './own-request.ts';

function answering(...pages: string[]) {
  const asked: ExchangeRequest[] = [];
  const handle = async (request: ExchangeRequest) => {
    asked.push(request);
    return resultOutcome(new JsonText(pages[asked.length - 1] ?? pages.at(-1) ?? '{}'));
  };
  return { asked, handle };
}

describe('the names of tools', () => {
  it('are read from every page', async () => {
    const server = answering('{"tools":[{"name":"a"},{"name":"b"}],"nextCursor":"x"}', '{"tools":[{"name":"c"}]}');
    expect(await listToolNames(server)).toEqual(['a', 'b', 'c']);
    expect(server.asked.map(({ params }) => params?.text)).toEqual(['{}', '{"cursor":"x"}']);
  });

  it('end with a server that always has another page', async () => {
    const server = answering('{"tools":[],"nextCursor":"x"}');
    expect(await listToolNames(server)).toEqual([]);
    expect(server.asked).toHaveLength(20);
  });

  it.each(['{"tools":"abc"}', '{"tools":null}', '[]', '{}'])('are none in %s', async (page) => {
    expect(await listToolNames(answering(page))).toEqual([]);
  });

  it('are refused in the words of a server that has no list', async () => {
    const handle = async () => ({ era: 'modern' as const, error: { code: -32601, message: 'no tools here' } });
    await expect(listToolNames({ handle })).rejects.toThrow('no tools here');
  });
});
