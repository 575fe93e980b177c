import { describe, expect, test } from 'vitest';
import { documentOf, map } from './map.fixture.ts';
import { isLike } from './select.ts';

const OK = { '/a': { get: {} } };

describe('a document', () => {
  test.each([
    ['{"openapi":"3.0.3","paths":{}}', '3.0'],
    ['openapi: 3.1.1\npaths: {}', '3.1'],
    ['openapi: 3.2.0\npaths: {}', '3.1'],
    ['swagger: 2.0\npaths: {}', '2.0'],
    ['\uFEFF{openapi: 3.0.0, paths: {}}', '3.0'],
  ])('%j is one of %s', async (text, revision) => {
    expect((await map(text)).revision).toBe(revision);
  });

  test.each([
    ['{"openapi":"3.0.0"', 'The document is no JSON'],
    ['a: [b', 'The document is neither JSON nor YAML'],
    ['just text', 'is not an object'],
    ['[]', 'is not an object'],
    ['', 'is not an object'],
    ['{}', 'has neither "openapi" nor "swagger"'],
    ['{"openapi":"4.0.0"}', 'it says "4.0.0"'],
    ['{"swagger":"1.2"}', 'it says "1.2"'],
    ['{"openapi":"3.0.0"}', 'has no "paths"'],
  ])('%j is none, and it is said why', async (text, message) => {
    await expect(map(text)).rejects.toMatchObject({ name: 'DocumentError', message: expect.stringContaining(message) });
  });

  test('may have anchors and merge keys', async () => {
    const text = `
openapi: 3.0.0
x-common: &common { summary: Same, tags: [t] }
paths:
  /a: { get: { <<: *common, operationId: a } }
  /b: { get: { <<: *common, operationId: b } }
`;
    expect((await map(text)).config.operations.map(({ name, title }) => [name, title])).toEqual([
      ['a', 'Same'],
      ['b', 'Same'],
    ]);
  });

  test('says what it is, and that webhooks are none of ours', async () => {
    const more = { info: { title: 'Pets', description: 'About pets' }, webhooks: { a: {}, b: {} } };
    const { title, config, notes } = await map(documentOf(OK, more));
    expect([title, config.instructions, notes]).toEqual([
      'Pets',
      'About pets',
      ['2 webhooks are left out: they are requests that the API sends'],
    ]);
  });
});

describe('the server', () => {
  const at = async (document: object, choice: object = {}) => {
    const { url, notes, config, skipped } = await map(document, { baseUrl: undefined, ...choice });
    return { url, notes, paths: config.operations.map(({ path }) => path), skipped };
  };
  const documentUrl = 'https://docs.example/x/openapi.json';

  test.each([
    [{ servers: [{ url: 'https://api.example/v1/' }, { url: 'http://other.example' }] }, {}, 'https://api.example/v1'],
    [{ servers: [{ url: '../v2' }] }, { documentUrl }, 'https://docs.example/v2'],
    [{ servers: [{ url: '//cdn.example/v3' }] }, {}, 'https://cdn.example/v3'],
    [{}, { documentUrl }, 'https://docs.example'],
    [
      { servers: [{ url: 'ftp://x' }, { url: 'https://{a}' }] },
      { baseUrl: 'http://b.example/v4?x=y' },
      'http://b.example/v4',
    ],
  ])('of %j with %j', async (more, choice, url) => {
    expect((await at(documentOf(OK, more), choice)).url).toBe(url);
  });

  test('has variables', async () => {
    const variables = { region: { default: 'eu', enum: ['eu', 'us'] }, tenant: {} };
    const document = documentOf(OK, { servers: [{ url: 'https://{region}.example/{tenant}', variables }] });
    expect(await at(document, { variables: { tenant: 't' } })).toMatchObject({
      url: 'https://eu.example/t',
      notes: [],
    });
    expect(await at(document)).toMatchObject({
      url: undefined,
      notes: [expect.stringContaining('needs a value for its variable "tenant"'), expect.stringContaining('no server')],
    });
    expect((await at(document, { variables: { region: 'mars', tenant: 't' } })).notes[0]).toContain('one of eu, us');
  });

  test.each([
    [{ host: 'api.example', basePath: '/v1', schemes: ['http', 'https'] }, {}, 'https://api.example/v1'],
    [{ host: 'api.example:8080', schemes: ['ws', 'http'] }, {}, 'http://api.example:8080'],
    [{ basePath: 'v1' }, { documentUrl }, 'https://docs.example/v1'],
    [{ basePath: '/v1' }, {}, undefined],
  ])('of 2.0 is %j', async (more, choice, url) => {
    expect((await at({ swagger: '2.0', info: {}, paths: OK, ...more }, choice)).url).toBe(url);
  });

  test('may be another one for some operations, which is all right at the same host only', async () => {
    const servers = [{ url: 'https://api.example/v1' }];
    const document = documentOf(
      {
        '/a': { get: {} },
        '/b': { servers: [{ url: 'https://api.example/v2' }], get: {} },
        '/c': { get: { servers: [{ url: 'https://uploads.example' }] } },
        '/d': { get: { servers } },
      },
      { servers },
    );
    expect(await at(document)).toEqual({
      url: 'https://api.example',
      notes: [],
      paths: ['/v1/a', '/v2/b', '/v1/d'],
      skipped: [expect.objectContaining({ path: '/c', reason: expect.stringContaining('https://uploads.example') })],
    });
    const uploads = { baseUrl: 'https://uploads.example', select: { paths: ['/c'] } };
    expect(await at(document, uploads)).toMatchObject({ url: 'https://uploads.example', paths: ['/c'] });
  });

  test('may be repeated by operations, and is replaced for them, too', async () => {
    const servers = [{ url: '//api.example/v1' }];
    const document = documentOf({ '/a': { get: { servers: [{ url: 'https://api.example/v1/' }] } } }, { servers });
    expect(await at(document, { baseUrl: 'https://b.example' })).toMatchObject({
      url: 'https://b.example',
      paths: ['/a'],
    });
    expect(await at(document, { documentUrl: 'http://docs.example/x' })).toMatchObject({
      url: 'http://api.example/v1',
    });
  });

  test('must be HTTP', async () => {
    await expect(map(documentOf(OK), { baseUrl: 'file:///etc' })).rejects.toThrow('no URL of http or https');
  });
});

describe('security schemes', () => {
  const securitySchemes = {
    basic: { type: 'http', scheme: 'Basic' },
    bearer: { type: 'http', scheme: 'bearer' },
    key: { type: 'apiKey', in: 'query', name: 'api_key' },
    flow: { type: 'oauth2', flows: { clientCredentials: { tokenUrl: 'https://id.example/token', scopes: {} } } },
    oidc: { type: 'openIdConnect', openIdConnectUrl: 'https://id.example/.well-known/openid-configuration' },
    tls: { type: 'mutualTLS' },
  };
  const secured = (security: object[]) =>
    documentOf({ '/a': { get: { security } }, '/b': { get: {} } }, { components: { securitySchemes } });

  test('become credentials, whose secrets stand apart', async () => {
    const { config, secrets, schemes } = await map(secured([]), {
      credentials: {
        basic: { username: 'ada', password: 'p1' },
        bearer: { token: 't1' },
        key: { value: 'k1' },
        flow: { clientId: 'c', clientSecret: 's1', scope: 'read' },
        oidc: { token: 't2' },
        tls: { token: 'x' },
      },
    });
    expect(config.credentials).toEqual({
      basic: { type: 'basic', username: 'ada', password: 'basic' },
      bearer: { type: 'bearer', token: 'bearer' },
      key: { type: 'apiKey', in: 'query', name: 'api_key', value: 'key' },
      flow: {
        type: 'oauth2',
        tokenUrl: 'https://id.example/token',
        clientId: 'c',
        clientSecret: 'flow',
        scope: 'read',
      },
      oidc: { type: 'bearer', token: 'oidc' },
    });
    expect(secrets).toEqual({ basic: 'p1', bearer: 't1', key: 'k1', flow: 's1', oidc: 't2' });
    expect(schemes.find(({ name }) => name === 'tls')).toMatchObject({
      isBound: false,
      problem: expect.stringContaining('not supported'),
    });
    expect(JSON.stringify(config)).not.toMatch(/[ptks][12]"/);
  });

  test('of 2.0 become credentials, too', async () => {
    const { config } = await map(
      {
        swagger: '2.0',
        info: {},
        paths: { '/a': { get: {} } },
        security: [{ app: [] }],
        securityDefinitions: { app: { type: 'oauth2', flow: 'application', tokenUrl: 'https://id.example/t' } },
      },
      { credentials: { app: { clientId: 'c', clientSecret: 's' } } },
    );
    expect(config.credentials?.['app']).toMatchObject({ type: 'oauth2', tokenUrl: 'https://id.example/t' });
    expect(config.operations[0]?.credentials).toEqual(['app']);
  });

  test.each([
    [[{ basic: [] }, { bearer: [], key: [] }, { key: [] }], ['bearer', 'key'], []],
    [[{ basic: [] }, {}], [], []],
    [[{ basic: [] }, { oidc: [], flow: [] }], [], ['it needs a credential: basic, or oidc and flow']],
    [[], [], []],
  ])('%j: the first that are all there', async (security, chosen, notes) => {
    const { config, operations } = await map(secured(security), {
      credentials: { bearer: { token: 't' }, key: { value: 'k' } },
    });
    expect([config.operations[0]?.credentials, operations[0]?.notes]).toEqual([chosen, notes]);
  });

  test('say what they need, and for how many operations', async () => {
    const { schemes } = await map(secured([{ oidc: [] }]), { credentials: { oidc: { clientId: 'c' } } });
    expect(schemes.find(({ name }) => name === 'oidc')).toEqual({
      name: 'oidc',
      type: 'openIdConnect',
      needs: [['token'], ['clientId', 'clientSecret', 'tokenUrl']],
      isBound: false,
      operations: 1,
      problem: 'token, or clientId and clientSecret and tokenUrl must be given',
    });
  });
});

describe('a selection', () => {
  const document = documentOf({
    '/users': { get: { tags: ['a'], operationId: 'list' }, post: { tags: ['a', 'b'] } },
    '/users/{id}': { get: { tags: ['b'] } },
    '/teams/{id}/users': { get: {} },
  });
  test.each([
    [{}, 4],
    [{ tags: [], methods: [] }, 4],
    [{ tags: ['b'] }, 2],
    [{ tags: ['a', 'b'], methods: ['get'] }, 2],
    [{ paths: ['/users/*', '/teams/**'] }, 2],
    [{ paths: ['/users*'] }, 2],
    [{ operationIds: ['list'] }, 1],
    [{ operationIds: ['none'] }, 0],
  ])('%j takes %i', async (select, count) => {
    const { config, unselected } = await map(document, { select });
    expect([config.operations.length, unselected]).toEqual([count, 4 - count]);
  });

  test('names tools as if there were none', async () => {
    const clash = documentOf({ '/a': { get: { operationId: 'x' } }, '/b': { get: { operationId: 'x' } } });
    const all = await map(clash);
    const one = await map(clash, { select: { paths: ['/b'] } });
    expect(one.config.operations[0]?.name).toBe(all.config.operations[1]?.name);
  });

  test('by stars costs little', () => {
    expect(isLike('a'.repeat(2000), `${'*a'.repeat(250)}b`)).toBe(false);
    expect(isLike('/a/b/c', '/**/c')).toBe(true);
    expect(isLike('/a/b/c', '/*/c')).toBe(false);
  }, 2000);
});

test('what was set for an operation stays when the document is imported again, and so do credentials', async () => {
  const first = await map(
    documentOf(OK, {
      security: [{ k: [] }],
      components: { securitySchemes: { k: { type: 'http', scheme: 'bearer' } } },
    }),
    {
      credentials: { k: { token: 't' } },
    },
  );
  const [operation] = first.config.operations;
  const current = {
    ...first.config,
    operations: [{ ...operation!, timeoutMs: 5, filter: { language: 'jq', expression: '.' } as const }],
  };
  const again = await map(
    documentOf(
      { '/a': { get: { summary: 'New' } } },
      { security: [{ k: [] }], components: { securitySchemes: { k: { type: 'http', scheme: 'bearer' } } } },
    ),
    { current },
  );
  expect(again.config.operations[0]).toMatchObject({
    title: 'New',
    timeoutMs: 5,
    filter: { expression: '.' },
    credentials: ['k'],
  });
  expect(again.config.credentials).toEqual(first.config.credentials);
});

test('more operations than an upstream may have are told', async () => {
  const paths = Object.fromEntries(Array.from({ length: 5001 }, (_, at) => [`/p${at}`, { get: {} }]));
  const { config, skipped } = await map(documentOf(paths));
  expect([config.operations.length, skipped]).toEqual([
    5000,
    [expect.objectContaining({ path: '/p5000', reason: expect.stringContaining('select fewer') })],
  ]);
});
