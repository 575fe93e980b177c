import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { createCors } from './cors.ts';
import type { OriginRules } from './origin.ts';

let server: Server;
afterEach(async () => {
  server.close();
  await once(server, 'close');
});

async function request(rules: OriginRules, method: string, headers: Record<string, string>): Promise<Response> {
  const cors = createCors(rules);
  server = createServer((req, res) => void (cors(req, res) || res.end('answered'))).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`, { method, headers });
}

const preflight = { 'access-control-request-method': 'POST', 'access-control-request-headers': 'mcp-session-id' };

it('a preflight of a page that may call is answered', async () => {
  const rules = { allowedOrigins: ['https://app.example.com'] };
  const response = await request(rules, 'OPTIONS', { ...preflight, origin: 'https://app.example.com' });
  expect(response.status).toBe(204);
  expect(response.headers.get('access-control-allow-origin')).toBe('https://app.example.com');
  expect(response.headers.get('access-control-allow-headers')).toBe('mcp-session-id');
});

it('a page that may call can read the answer, and the session id in it', async () => {
  const response = await request({}, 'POST', { origin: 'http://localhost:6274' });
  expect(await response.text()).toBe('answered');
  expect(response.headers.get('access-control-allow-origin')).toBe('http://localhost:6274');
  expect(response.headers.get('access-control-expose-headers')).toContain('Mcp-Session-Id');
  expect(response.headers.get('vary')).toBe('Origin');
});

it('any other page gets no header, and its preflight is left to whoever answers', async () => {
  const response = await request({}, 'OPTIONS', { ...preflight, origin: 'https://evil.example' });
  expect(await response.text()).toBe('answered');
  expect(response.headers.get('access-control-allow-origin')).toBeNull();
});

it('a client without an Origin is left alone', async () => {
  const response = await request({}, 'OPTIONS', preflight);
  expect(await response.text()).toBe('answered');
  expect(response.headers.get('vary')).toBeNull();
});
