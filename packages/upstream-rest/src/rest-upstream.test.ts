import { expect, test } from 'vitest';
import { callTool, complaintOf, echo, json, resultOf, serve, upstreamAt } from './rest.fixture.ts';

test('JSON is structured content, and text to the character', async () => {
  const text = '{ "big": 12345678901234567890,\n "a": [1.0] }';
  const { url } = await serve((_, response) => response.setHeader('content-type', 'application/json').end(text));
  const outcome = await callTool(upstreamAt(url, [{}]));
  expect(outcome.result?.text).toContain(`"structuredContent":${text}`);
  expect((await resultOf(Promise.resolve(outcome))).content).toEqual([{ type: 'text', text }]);
});

test.each([
  ['text/plain; charset=utf-8', 'plain', { type: 'text', text: 'plain' }],
  ['text/html; charset=iso-8859-1', Buffer.from('gr\xfc\xdfe', 'latin1'), { type: 'text', text: 'grüße' }],
  ['image/png', 'png', { type: 'image', mimeType: 'image/png', data: 'cG5n' }],
  ['audio/ogg', 'ogg', { type: 'audio', mimeType: 'audio/ogg', data: 'b2dn' }],
  ['image/svg+xml', '<svg/>', { type: 'text', text: '<svg/>' }],
  ['', 'no type', { type: 'text', text: 'no type' }],
])('%s is what it is', async (type, body, content) => {
  const { url } = await serve((_, response) => {
    if (type !== '') response.setHeader('content-type', type);
    response.end(body);
  });
  expect((await resultOf(callTool(upstreamAt(url, [{}])))).content).toEqual([content]);
});

test('other bytes are a resource', async () => {
  const { url } = await serve((_, response) => response.setHeader('content-type', 'application/zip').end('PK'));
  const { content } = await resultOf(callTool(upstreamAt(url, [{ query: { token: 't' } }])));
  const resource = { uri: `${url}/things`, mimeType: 'application/zip', blob: 'UEs=' };
  expect(content).toEqual([{ type: 'resource', resource }]);
});

test('nothing is said to be nothing', async () => {
  const { url } = await serve((_, response) => response.writeHead(204, { etag: '"7"' }).end());
  const { content, isError } = await resultOf(callTool(upstreamAt(url, [{ method: 'DELETE' }])));
  expect([content[0]?.text, isError]).toEqual(['HTTP 204, without content\netag: "7"', undefined]);
});

test('JSON that does not say so is found, and JSON that is none is a complaint', async () => {
  const { url } = await serve((request, response) => {
    const isWrong = request.url === '/wrong';
    response.setHeader('content-type', isWrong ? 'application/json' : 'text/plain').end(isWrong ? '<html>' : ' [1]');
  });
  const upstream = upstreamAt(url, [{}, { name: 'wrong', path: '/wrong' }]);
  expect((await resultOf(callTool(upstream))).structuredContent).toEqual([1]);
  expect(await complaintOf(callTool(upstream, {}, 'wrong'))).toContain('not the JSON that it says it is');
});

test('what an output schema expects is given, or said to be missing', async () => {
  const outputSchema = { type: 'object', properties: { result: { type: 'array' } } };
  const { url } = await serve((request, response) => {
    if (request.url === '/page') response.setHeader('content-type', 'text/html').end('log in');
    else json(response, [1]);
  });
  const upstream = upstreamAt(url, [{ outputSchema }, { outputSchema, name: 'page', path: '/page' }]);
  expect((await resultOf(callTool(upstream))).structuredContent).toEqual({ result: [1] });
  expect(await complaintOf(callTool(upstream, {}, 'page'))).toContain('"text/html" where JSON was expected');
});

test('filters make answers smaller, even ones that are too long', async () => {
  const { url } = await serve((_, response) => json(response, { name: 'n', filling: 'x'.repeat(5000) }));
  const upstream = upstreamAt(
    url,
    [
      { filter: { language: 'jq', expression: '{n: .name}' } },
      { name: 'path', filter: { language: 'jsonpath', expression: '$.name' } },
      { name: 'bad', filter: { language: 'jq', expression: '.name.x' } },
      { name: 'whole', filter: { language: 'jq', expression: '.' } },
    ],
    { maxAnswerBytes: 1000 },
  );
  expect((await resultOf(callTool(upstream))).structuredContent).toEqual({ n: 'n' });
  expect((await resultOf(callTool(upstream, {}, 'path'))).structuredContent).toBe('n');
  expect(await complaintOf(callTool(upstream, {}, 'bad'))).toMatch(/^The filter of this tool failed: jq: error/);
  expect(await complaintOf(callTool(upstream, {}, 'whole'))).toContain('at most 1000 bytes');
});

test('what is too long is not cut, but said to be, with what may help', async () => {
  const { url } = await serve((_, response) => {
    response.setHeader('link', '<?page=2>; rel="next"').setHeader('content-length', 5014);
    json(response, { filling: 'x'.repeat(5000) });
  });
  const inputSchema = { type: 'object', properties: { page: { type: 'integer' }, id: {} } };
  const complaint = await complaintOf(callTool(upstreamAt(url, [{ inputSchema, maxAnswerBytes: 100 }])));
  expect(complaint).toMatch(/^The answer is too long \(5014 bytes\): at most 100 bytes .* Ask for less by "page"/);
  expect(complaint).toContain('call this tool again with {"page":2}');
});

test('the next page is told in arguments, without credentials', async () => {
  const { url } = await serve((request, response) => {
    response.setHeader(
      'link',
      `<http://${request.headers.host}/things?key=s3cret&p=2&q=a>; rel=next, </>; rel="first"`,
    );
    json(response, []);
  });
  const upstream = upstreamAt(url, [{ parameters: [{ argument: 'page', in: 'query', name: 'p' }] }], {
    config: { credentials: { key: { type: 'apiKey', in: 'query', name: 'key', value: 'key' } } },
    record: { secrets: { key: 's3cret' } },
  });
  const { content, _meta } = await resultOf(callTool(upstream, { page: 1, q: 'a' }));
  expect(content[1]?.text).toBe('There is more: call this tool again with {"page":"2"}.');
  expect(_meta).toEqual({ 'forge/nextPage': { url: `${url}/things?p=2&q=a`, arguments: { page: '2' } } });
});

test('the next page has the types that the tool takes, so that the call it asks for is not refused', async () => {
  const next = '/things?page=2&ids=7&ids=8&all=true&cursor=01&big=12345678901234567890&q=a';
  const { url } = await serve((request, response) => {
    if (!request.url?.includes('page=2')) response.setHeader('link', `<${next}>; rel="next"`);
    json(response, []);
  });
  const types = { page: 'integer', ids: 'array', all: 'boolean', cursor: 'string', big: 'integer', q: 'string' };
  const properties = Object.fromEntries(Object.entries(types).map(([name, type]) => [name, { type }]));
  Object.assign(properties['ids'] ?? {}, { items: { type: 'integer' } });
  const upstream = upstreamAt(url, [{ inputSchema: { type: 'object', properties }, otherArguments: 'query' }]);
  const { _meta } = await resultOf(callTool(upstream, { page: 1, ids: [7], q: 'a' }));
  const page = _meta?.['forge/nextPage'] as { arguments: Record<string, unknown> } | undefined;
  const { big, ...args } = page?.arguments ?? {};
  expect(args).toEqual({ page: 2, ids: [7, 8], all: true, cursor: '01' });
  expect(big).toBe('12345678901234567890'); // as a number it would be another page
  expect((await resultOf(callTool(upstream, { ...args, q: 'a' }))).isError).toBeUndefined();
});

test('an error of the upstream is a result that says what to do, and shows no secret', async () => {
  const { url } = await serve((request, response) => json(response, { no: request.headers.authorization }, 403));
  const record = { headers: [{ name: 'Authorization', value: 'Bearer s3cret-token' }] };
  const outcome = callTool(upstreamAt(url, [{}], { record }), { id: 1 });
  expect(await complaintOf(outcome)).toBe(
    `HTTP 403 from GET ${url}/things. The credentials that the gateway has for it do not allow this.\n\n{"no":"[secret]"}`,
  );
  expect((await resultOf(outcome))._meta).toEqual({ 'forge/http': { status: 403, attempts: 1 } });
});

test('arguments that are wrong are named, and nothing is sent', async () => {
  const { url, requests } = await serve(echo);
  const inputSchema = { type: 'object', properties: { id: { type: 'integer' } }, required: ['id'] };
  const upstream = upstreamAt(url, [{ inputSchema, path: '/things/{id}' }]);
  expect(await complaintOf(callTool(upstream, { id: 'x' }))).toBe('Invalid arguments: "id" must be integer');
  expect(await complaintOf(callTool(upstream, '[]'))).toBe('The arguments must be an object');
  expect((await callTool(upstream, {}, 'nothing')).error).toMatchObject({
    code: -32602,
    message: 'Unknown tool: nothing',
  });
  expect(requests).toEqual([]);
});

test("a tool's own limits hold", async () => {
  const { url } = await serve(echo);
  const upstream = upstreamAt(url, [{ callsPerMinute: 2 }, { name: 'one', maxConcurrent: 1 }]);
  await resultOf(callTool(upstream));
  await resultOf(callTool(upstream));
  expect((await callTool(upstream)).error).toMatchObject({
    code: -32010,
    message: expect.stringContaining('2 times within a minute'),
  });
  const [first, second] = await Promise.all([callTool(upstream, {}, 'one'), callTool(upstream, {}, 'one')]);
  expect(first.error).toBeUndefined();
  expect(second.error?.data?.value).toEqual({ retryAfter: 1, code: 'too_many_requests' });
});

test('only allowed hosts are reached, redirects included', async () => {
  const other = await serve(echo);
  const { url } = await serve((_, response) => response.writeHead(302, { location: other.url }).end());
  const { host } = new URL(url);
  expect(await complaintOf(callTool(upstreamAt(url, [{ allowedHosts: [host] }])))).toContain('which is not allowed');
  expect(other.requests).toEqual([]);
  await resultOf(callTool(upstreamAt(url, [{ allowedHosts: [host, new URL(other.url).host] }])));
});
