import { Script } from 'node:vm';
import { expect, test } from 'vitest';
import { setUp } from '../api.fixture.ts';
import { DOCS_SCRIPT } from './assets.ts';
import { escapeHtml } from './page.ts';

interface Document {
  openapi: string;
  paths: Record<string, Record<string, { operationId: string; responses: Record<string, unknown> }>>;
  components: { schemas: Record<string, unknown> };
}

test('the description names every operation once and resolves all that it refers to', async () => {
  const { send } = setUp();
  const { status, body, text } = await send('GET', '/openapi.json', { as: '' });
  const document = body as Document;
  expect(status).toBe(200);
  expect(document.openapi).toBe('3.1.1');
  const operations = Object.values(document.paths).flatMap((methods) => Object.values(methods));
  expect(new Set(operations.map((operation) => operation.operationId)).size).toBe(operations.length);
  expect(Object.keys(document.paths)).toEqual(
    expect.arrayContaining(['/gateways', '/gateways/{id}/tools/refresh', '/import/mcp-servers', '/rpc', '/audit']),
  );
  const refs = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map((match) => match[1]?.replace('#/components/schemas/', ''));
  expect(refs.length).toBeGreaterThan(50);
  for (const ref of refs) expect(Object.keys(document.components.schemas)).toContain(ref);
  expect((await send('GET', '/v1/openapi.json', { as: '' })).text).toBe(text);
});

test('every described operation is served, at its path and under /v1', async () => {
  const { send } = setUp();
  const { paths } = (await send('GET', '/openapi.json')).body as Document;
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      for (const prefix of ['', '/v1']) {
        const { status, body } = await send(
          method.toUpperCase(),
          prefix + path.replace('{id}', 'x').replace('{name}', 'x'),
        );
        expect(status, `${method} ${path}`).not.toBe(405);
        if (status === 404) expect(body.detail).not.toContain('There is nothing at');
      }
    }
  }
});

test('the page and its parts are served under a strict policy', async () => {
  const { send } = setUp();
  const page = await send('GET', '/docs', { as: '' });
  expect(page.status).toBe(200);
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8');
  expect(page.headers.get('content-security-policy')).not.toMatch(/unsafe|https?:/);
  expect(page.text).not.toMatch(/\son\w+=|style=|<script>|https?:\/\/(?!localhost)/);
  for (const [, asset] of page.text.matchAll(/(?:href|src)="(docs\/[^"]+)"/g)) {
    expect((await send('GET', `/${asset}`, { as: '' })).status).toBe(200);
  }
  expect(await send('GET', '/docs/', { as: '' })).toMatchObject({ status: 308 });
});

test('every link within the page has its target, every control its label, and ids are unique', async () => {
  const { send } = setUp();
  const { text } = await send('GET', '/docs', { as: '' });
  const ids = [...text.matchAll(/\sid="([^"]+)"/g)].map((match) => match[1]);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, target] of text.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
  for (const [, hint] of text.matchAll(/aria-describedby="([^"]+)"/g)) expect(ids).toContain(hint);
  expect(text).toContain('&#34;url&#34;: &#34;http://localhost:9000/mcp&#34;\n}</textarea>');
  expect(text.match(/<(input|textarea)/g)?.length).toBe(text.match(/<label>[^<]*<(input|textarea)/g)?.length);
});

test('the script is valid', () => {
  expect(() => new Script(DOCS_SCRIPT)).not.toThrow();
});

test('text cannot become markup', () => {
  expect(escapeHtml(`<img src=x onerror="alert('1')">&`)).toBe(
    '&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;',
  );
});
