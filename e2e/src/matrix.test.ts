import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';
import { hasUv, NEEDS_UV } from './harness/uv.ts';
import { CELLS, expected, SERVERS, type ServerName, storiesOf } from './matrix/cells.ts';
import { type Outcomes, outcomesOf } from './matrix/outcomes.ts';
import { startServer } from './matrix/servers.ts';

const isTold = (name: string) => hasUv || process.env['CI'] !== undefined || !name.startsWith('Python');

describe(`the matrix${NEEDS_UV}`, () => {
  const scope = createScope();
  const urls = new Map<ServerName, string>();
  let gateway: Gateway;

  beforeAll(async () => {
    const names = (Object.keys(SERVERS) as ServerName[]).filter(isTold);
    const upstreams = await Promise.all(names.map((name) => startServer(scope, name)));
    gateway = await startGateway(scope); // ends before the servers do
    for (const [index, name] of names.entries()) {
      const id = await gateway.register({ name, ...upstreams[index] });
      const { body } = await gateway.api('GET', `/gateways/${id}`);
      expect(body).toMatchObject({ status: SERVERS[name] });
      urls.set(name, (await gateway.compose(name, [id])).replace(/\/mcp$/, ''));
    }
  }, 150_000);
  afterAll(() => scope.end());

  const cells = CELLS.filter(({ client, server }) => isTold(client) && isTold(server));
  describe.each(cells)('$client over $transport to $server', (cell) => {
    let outcomes: Outcomes;
    beforeAll(async () => {
      outcomes = await outcomesOf(cell, { url: urls.get(cell.server) ?? '', token: gateway.token });
    }, 150_000);

    it.each(storiesOf(cell))('%s', (story) => {
      const outcome = outcomes.get(story);
      const ending = expected(cell, story);
      if ('said' in ending) expect(outcome).toEqual(ending);
      else expect(outcome?.error ?? `It works: ${outcome?.said}`).toMatch(ending.error);
    });
  });
});
