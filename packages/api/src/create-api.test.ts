import { expect, test } from 'vitest';
import { setUp } from './api.fixture.ts';
import { getMetrics, getReadiness, getVersion, listAudit } from './contract/system.ts';
import { ErrorAnswer } from './contract/common.ts';

const GIT = { name: 'git', url: 'http://git/mcp' };

test('health and readiness are public and say 503 when something fails', async () => {
  const { send, health } = setUp();
  expect(await send('GET', '/health', { as: '' })).toMatchObject({ status: 200, body: { status: 'healthy' } });
  health.push({ name: 'bus', ok: false, message: 'does not answer' });
  expect(await send('GET', '/health', { as: '' })).toMatchObject({ status: 503, body: { status: 'unhealthy' } });
  const ready = await send('GET', '/v1/ready', { as: '' });
  expect(ready.status).toBe(503);
  expect(getReadiness.answer.parse(ready.body)).toEqual({
    status: 'unready',
    statusItems: [
      { name: 'store', statusCode: 200, message: 'ok' },
      { name: 'bus', statusCode: 503, message: 'does not answer' },
    ],
  });
});

test('version, metrics, audit and revocation are for administrators', async () => {
  const { send, store } = setUp();
  const entry = { at: 5, principal: 'a', method: 'tools/call', target: 'x', outcome: 'ok', durationMs: 2 } as const;
  await store.audit.append({ id: '1', entries: [entry] });
  const version = await send('GET', '/version');
  expect(getVersion.answer.parse(version.body)).toMatchObject({
    app: { version: '1.2.3' },
    store: { dialect: 'memory' },
  });
  const metrics = await send('GET', '/metrics');
  expect(getMetrics.answer.parse(metrics.body)).toEqual(metrics.body);
  const audit = await send('GET', '/audit?limit=10');
  expect(listAudit.answer.parse(audit.body).entries).toMatchObject([
    { at: '1970-01-01T00:00:00.005Z', serverId: null },
  ]);
  const revoked = await send('POST', '/tokens/revoke', { json: { jti: 'j', expires_at: '2100-01-01T00:00:00Z' } });
  expect(revoked).toMatchObject({ status: 200, body: { jti: 'j' } });
  expect(await store.revokedTokens.all(0)).toMatchObject([{ jti: 'j', expiresAt: Date.parse('2100-01-01') }]);
  for (const path of ['/version', '/metrics', '/audit']) {
    expect((await send('GET', path, { as: 'alice' })).status).toBe(403);
    expect((await send('GET', path, { as: 'bound' })).status).toBe(403);
    expect((await send('GET', path, { as: '' })).status).toBe(401);
  }
  expect((await send('POST', '/tokens/revoke', { as: 'alice', json: { jti: 'j' } })).status).toBe(403);
});

test('every error has one shape', async () => {
  const { send } = setUp({ maxBodyBytes: 1000 });
  const answers = await Promise.all([
    send('GET', '/gateways', { as: '' }),
    send('POST', '/gateways', { as: 'alice', json: GIT }),
    send('GET', '/gateways/unknown'),
    send('GET', '/nothing/here'),
    send('GET', '/v1'),
    send('PATCH', '/gateways'),
    send('POST', '/gateways', { body: 'x'.repeat(1001) }),
    send('POST', '/gateways', { body: 'name=x', headers: { 'content-type': 'text/plain' } }),
    send('POST', '/gateways', { body: '{"name":' }),
    send('POST', '/gateways', { json: 'text' }),
    send('POST', '/gateways', { json: GIT }),
    send('POST', '/tools', { json: { name: 'x' } }),
    send('POST', '/gateways', { json: GIT, headers: { 'content-encoding': 'gzip' } }),
    send('POST', '/v1/docs', { as: '' }),
    send('DELETE', '/openapi.json', { as: '' }),
  ]);
  expect(answers.map((answer) => answer.status)).toEqual([
    401, 403, 404, 404, 404, 405, 413, 415, 400, 422, 502, 501, 415, 405, 405,
  ]);
  for (const { body, headers } of answers) {
    expect(ErrorAnswer.strict().parse(body)).toEqual(body);
    expect(body.detail).toBe(body.error.message);
    expect(headers.get('x-content-type-options')).toBe('nosniff');
    expect(headers.get('cache-control')).toBe('no-store');
  }
  expect(answers[0]?.headers.get('www-authenticate')).toBe('Bearer realm="forge"');
  expect(answers[5]?.headers.get('allow')).toBe('POST, GET, HEAD');
  expect(answers[12]?.body.detail).toBe('Content-Encoding must be absent');
  expect(answers[13]?.headers.get('allow')).toBe('GET, HEAD');
});

test('an unexpected failure shows an id and nothing else, and the log gets the rest', async () => {
  const { send, store, errors } = setUp();
  await store.close();
  const { status, body } = await send('GET', '/tools/x');
  expect(status).toBe(500);
  expect(body.error.message).toBe(`Internal error (${body.error.id})`);
  expect(errors[0]).toMatchObject({ id: body.error.id, message: 'The store is closed' });
});

test('a body of 64 MB is refused by its length, and without one after 16 MB', async () => {
  const { send } = setUp();
  let pulled = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull(controller) {
      pulled += 1;
      if (pulled > 64) controller.close();
      else controller.enqueue(new Uint8Array(1024 * 1024).fill(32));
    },
  });
  expect((await send('POST', '/gateways', { body: endless })).status).toBe(413);
  expect(pulled).toBeLessThan(20);
  const declared = await send('POST', '/gateways', {
    body: '{}',
    headers: { 'content-length': String(64 * 1024 * 1024) },
  });
  expect(declared.status).toBe(413);
});

test('JSON that is too deep, is no UTF-8, or claims another charset is refused', async () => {
  const { send } = setUp();
  const deep = `{"name":"x","url":"http://x/","env":${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}}`;
  expect((await send('POST', '/gateways', { body: deep })).status).toBe(400);
  expect((await send('POST', '/gateways', { body: new Uint8Array([123, 34, 0xff, 34, 125]) })).status).toBe(400);
  const headers = { 'content-type': 'application/json; charset=utf-16' };
  expect((await send('POST', '/gateways', { body: '{}', headers })).status).toBe(415);
});

test('ids that are paths, SQL or bytes lead nowhere', async () => {
  const { send } = setUp();
  for (const id of [
    "' OR '1'='1",
    '../../etc/passwd',
    '%00',
    'a'.repeat(5000),
    '__proto__',
    'constructor',
    '%E0%A4%A',
  ]) {
    for (const family of ['gateways', 'tools', 'servers', 'prompts', 'resources']) {
      const raw = id.startsWith('%') ? id : encodeURIComponent(id);
      expect((await send('GET', `/${family}/${raw}`)).status).toBe(404);
    }
  }
});

test('another site cannot make a browser change anything', async () => {
  const { send, tools } = setUp();
  tools.set('git', []);
  const { body } = await send('POST', '/gateways', { json: GIT });
  const headers = { 'sec-fetch-site': 'cross-site', origin: 'http://evil.test' };
  expect((await send('POST', `/gateways/${body.id}/state?activate=false`, { headers })).status).toBe(403);
  expect((await send('GET', `/gateways/${body.id}`, { headers })).body.enabled).toBe(true);
});

test('HEAD answers like GET without a body', async () => {
  const { send } = setUp();
  expect(await send('HEAD', '/health', { as: '' })).toMatchObject({ status: 200, text: '' });
});
