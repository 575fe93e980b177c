import { CreateMessageRequestSchema, ElicitRequestSchema } from '@modelcontextprotocol/sdk/types.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { textOf } from './clients/connect.ts';
import { connectLegacy } from './clients/legacy-client.ts';
import { connectModern } from './clients/modern-client.ts';
import { type Fixture, type FixtureEra, startFixture } from './fixtures/fixture.ts';
import { type Gateway, startGateway } from './harness/gateway.ts';
import { createScope } from './harness/scope.ts';

/** Answers with a name, and keeps what it was asked. */
const asked: unknown[] = [];
const answerForm = (name: string) => (request: { params: unknown }) => {
  asked.push(request.params);
  return { action: 'accept' as const, content: { name } };
};
const answerModel = (text: string) => (request: { params: unknown }) => {
  asked.push(request.params);
  return { model: 'm', role: 'assistant' as const, content: { type: 'text' as const, text } };
};
const capabilities = { elicitation: {}, sampling: {} };

const scope = createScope();
let gateway: Gateway;
beforeAll(async () => {
  gateway = await startGateway(scope);
});
afterAll(() => scope.end());

interface Asked {
  call(name: string): Promise<string>;
}

async function legacy(url: string, name: string): Promise<Asked> {
  const client = await connectLegacy(scope, { url, token: gateway.token, capabilities }, (prepared) => {
    prepared.setRequestHandler(ElicitRequestSchema, answerForm(name));
    prepared.setRequestHandler(CreateMessageRequestSchema, answerModel(name));
  });
  return { call: async (tool) => textOf(await client.callTool({ name: tool })) };
}

async function modern(url: string, name: string): Promise<Asked> {
  const client = await connectModern(scope, { url, token: gateway.token, capabilities }, (prepared) => {
    prepared.setRequestHandler('elicitation/create', answerForm(name));
    prepared.setRequestHandler('sampling/createMessage', answerModel(name));
  });
  return { call: async (tool) => textOf(await client.callTool({ name: tool })) };
}

describe.each<[FixtureEra, FixtureEra, (url: string, name: string) => Promise<Asked>]>([
  ['legacy', 'legacy', legacy],
  ['modern', 'modern', modern],
  ['legacy', 'modern', modern],
  ['modern', 'legacy', legacy],
])('a question of a %s upstream to a %s client', (era, clientEra, connect) => {
  let upstream: Fixture;
  let ada: Asked;
  let eve: Asked;

  beforeAll(async () => {
    upstream = await startFixture(scope, era);
    const name = `${era}-${clientEra}`;
    const url = await gateway.compose(name, [await gateway.register({ name, url: upstream.url })]);
    [ada, eve] = [await connect(url, 'Ada'), await connect(url, 'Eve')];
  });

  it('is a form that the user fills in', async () => {
    expect(JSON.parse(await ada.call('ask-name'))).toMatchObject({
      answer: { action: 'accept', content: { name: 'Ada' } },
    });
    expect(asked.at(-1)).toMatchObject({ message: 'Your name?', requestedSchema: { required: ['name'] } });
  });

  it('is a prompt for the model', async () => {
    expect(JSON.parse(await ada.call('ask-model'))).toMatchObject({ answer: { content: { text: 'Ada' } } });
    expect(asked.at(-1)).toMatchObject({ messages: [{ content: { text: 'Say hello' } }], maxTokens: 10 });
  });

  it('goes to the client whose call it belongs to', async () => {
    const names = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? 'Ada' : 'Eve'));
    const answers = await Promise.all(names.map((name) => (name === 'Ada' ? ada : eve).call('ask-name')));
    expect(answers.map((answer) => /Ada|Eve/.exec(answer)?.[0])).toEqual(names);
  });

  it('has its own way of its era', () => {
    const bodies = upstream.received.map(({ body }) => body);
    if (era === 'modern') {
      const retry = bodies.find((body) => body.includes('"inputResponses"'));
      expect(JSON.parse(retry ?? '{}')).toMatchObject({
        params: { requestState: 'remember-me', inputResponses: { who: { action: 'accept' } } },
      });
    } else expect(bodies.filter((body) => /"id":"question-\d+"/.test(body)).length).toBeGreaterThan(0);
  });
});
