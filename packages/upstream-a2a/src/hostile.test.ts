import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAddressPolicy } from '@forge/core';
import type { Upstream } from '@forge/protocol';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callTool, upstreamOf } from './upstream.fixture.ts';

const policy = createAddressPolicy();
const refuses = (host: string): boolean => policy.refusal(host) !== undefined;
const CARD = '/.well-known/agent-card.json';

let server: Server;
let url: string;
let upstream: Upstream;
let seen: string[];
/** Serves every request but that of the card. */
let serve: (request: IncomingMessage, response: ServerResponse) => void;
/** Serves the card, where it is not the usual one. */
let serveCard: ((request: IncomingMessage, response: ServerResponse) => void) | undefined;
beforeEach(async () => {
  seen = [];
  serveCard = undefined;
  server = createServer((request, response) => {
    seen.push(request.url ?? '');
    if (request.url !== CARD) serve(request, response);
    else if (serveCard) serveCard(request, response);
    else response.end(JSON.stringify(card()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  upstream = upstreamOf({ url }, { requestTimeoutMs: 2000, maxResponseBytes: 100_000, refuses });
});
afterEach(async () => {
  await upstream.close();
  server.closeAllConnections();
  server.close();
});

function card(endpoint = `${url}/rpc`, streaming = true) {
  const supportedInterfaces = [{ url: endpoint, protocolBinding: 'JSONRPC', protocolVersion: '1.0' }];
  return { name: 'Hostile', version: '1', supportedInterfaces, capabilities: { streaming }, skills: [{ id: 'do' }] };
}

/** What a call ends with, and how soon. */
async function call(): Promise<string> {
  const begin = Date.now();
  const { result, error } = await callTool(upstream, 'do', { query: 'x' });
  expect(Date.now() - begin).toBeLessThan(4000);
  return error?.message ?? result.content[0].text;
}

const event = (result: object, id = 1): string => `data: ${JSON.stringify({ jsonrpc: '2.0', id, result })}\n\n`;
const working = { statusUpdate: { taskId: 't', contextId: 'c', status: { state: 'TASK_STATE_WORKING' } } };

describe('a hostile agent costs an error in time when', () => {
  it('its stream has no end', async () => {
    serve = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      const flood = (): void => {
        while (response.write(event(working)) && !response.closed);
        response.once('drain', flood);
      };
      flood();
    };
    expect(await call()).toContain('it has more than 100000 bytes');
  });

  it('its stream says nothing more, and it cannot be asked either', async () => {
    serve = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(event(working));
    };
    expect(await call()).toContain('did not answer within 2000 ms');
  });

  it('its answer only drips', async () => {
    serveCard = (_, response) => response.end(JSON.stringify(card(undefined, false)));
    serve = (_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    };
    expect(await call()).toContain('did not answer within 2000 ms');
  });

  it('its stream breaks off, and the task is unknown', async () => {
    serve = (_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.write(': nothing yet\n\n', () => response.destroy());
    };
    expect(await call()).toContain('may have taken effect');
    serve = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end();
    expect(await call()).toContain('did not say anything');
  });

  it('what it says is no JSON, no answer to this, or no stream', async () => {
    serve = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end('data: <html>\n\n');
    expect(await call()).toContain('The agent did not do it: Failed to parse');
    serve = (_, response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(event(working, 999));
    expect(await call()).toContain('ID mismatch');
    serve = (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>');
    expect(await call()).toContain("Expected 'text/event-stream'");
  });

  it('its answer is compressed, so that little may stand for much', async () => {
    serve = (_, response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end('x');
    expect(await call()).toContain('it is compressed (gzip), unasked');
  });

  it('it redirects elsewhere, in a circle, or by what changes a POST', async () => {
    const to = (location: string, status = 307) => {
      serve = (_, response) => response.writeHead(status, { location }).end();
    };
    to('http://169.254.169.254/latest/meta-data');
    expect(await call()).toContain('redirects to another origin, http://169.254.169.254');
    seen = [];
    to('/rpc');
    expect(await call()).toContain('redirects more than 3 times');
    expect(seen).toHaveLength(4);
    to('/other', 302);
    expect(await call()).toContain('redirects a POST by 302');
  });

  it('it refuses, or is not to be had', async () => {
    const answer = (status: number, headers = {}) => {
      serve = (_, response) => response.writeHead(status, headers).end();
    };
    answer(401);
    expect(await call()).toBe("The agent does not accept the gateway's credentials (HTTP 401).");
    answer(429, { 'retry-after': '7' });
    expect(await call()).toBe('The agent is asked too much at the moment (HTTP 429). Try again in 7 s.');
    answer(500);
    expect(await call()).toContain('500');
  });

  it('it never stops to ask', async () => {
    serve = (_, response) => {
      const status = {
        state: 'TASK_STATE_INPUT_REQUIRED',
        message: { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: 'Why?' }] },
      };
      const id = seen.length - 1;
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.end(event({ statusUpdate: { taskId: 't', contextId: 'c', status } }, id));
    };
    const answers = Array.from({ length: 50 }, () => ({ action: 'accept', content: { answer: 'Because' } }));
    const { asked } = await callTool(upstream, 'do', {}, { capabilities: { elicitation: {} }, answers });
    expect(asked).toHaveLength(8);
  });
});

describe('a card', () => {
  it('that leads to a link-local address, by number or by name, leads nowhere', async () => {
    serveCard = (_, response) => response.end(JSON.stringify(card('http://169.254.169.254/rpc')));
    expect(await call()).toContain('must not be called');
    const named = upstreamOf({ url }, { refuses: (host) => host === '127.0.0.1' });
    await expect(named.connect()).rejects.toMatchObject({ code: 'forbidden' });
    await named.close();
    expect(seen).toEqual([CARD]);
  });

  it.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['is huge', (response) => response.end(`"${'x'.repeat(2_000_000)}"`), /more than 1048576 bytes/],
    [
      'is a page',
      (response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
      /no agent card/,
    ],
    ['is too deep', (response) => response.end('['.repeat(10_000)), /no agent card/],
    ['is not there', (response) => response.writeHead(404).end(), /There is no agent card at /],
    ['is elsewhere', (response) => response.writeHead(302, { location: 'http://127.0.0.2/' }).end(), /another origin/],
    ['wants a login', (response) => response.writeHead(401).end(), /does not accept the gateway's credentials/],
  ])('is refused when it %s', async (_, answer, why) => {
    serve = (_request, response) => response.writeHead(404).end();
    serveCard = (_request, response) => answer(response);
    await expect(upstream.connect()).rejects.toMatchObject({
      code: 'upstream_error',
      message: expect.stringMatching(why) as string,
    });
  });

  it('that never comes is not waited for for ever', async () => {
    serveCard = (_, response) => void response.writeHead(200).write('{');
    await expect(upstream.connect()).rejects.toMatchObject({ code: 'upstream_timeout' });
  });
});
