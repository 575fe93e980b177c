/** @module The steps on the way to a server, in the order in which they depend on each other. */
import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { connect as connectTcp, isIP } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { discoverParams, formatRequest, JsonText, LATEST_MODERN, modernHeaders, listToolNames } from '@forge/protocol';
import { type Dispatcher, request } from 'undici';
import { createWrapper, type Wrapper } from '../create-wrapper.ts';
import { type Log, printable } from '../log.ts';
import type { Network } from '../network.ts';
import { readChallenge } from '../oauth/challenge.ts';
import { discover } from '../oauth/discover.ts';
import type { LazyLogin } from '../oauth/lazy-login.ts';
import { createOAuthHttp } from '../oauth/oauth-http.ts';
import type { Settings } from '../settings.ts';
import { packageVersion } from '../version.ts';

/** What one step found. */
export interface Finding {
  readonly step: string;
  readonly verdict: 'works' | 'warns' | 'fails';
  readonly text: string;
}

/** What is examined. */
export interface Patient {
  readonly settings: Settings;
  readonly network: Network;
  readonly login: LazyLogin | undefined;
  readonly log: Log;
}

const TIMEOUT_MS = 10_000;
const SKEW_MS = 60_000;
const SOON_MS = 14 * 86_400_000;
const SHOWN_TOOLS = 20;

/** Takes the steps, as far as they lead. */
export async function* steps(patient: Patient): AsyncGenerator<Finding> {
  const { settings, network } = patient;
  const { url } = settings;
  yield works('Address', url.origin + url.pathname); // a query may hold a key
  if (network.isProxied(url)) yield works('Proxy', 'Used; the names are looked up there.');
  else {
    for await (const finding of wire(url, network)) {
      yield finding;
      if (finding.verdict === 'fails') return;
    }
  }
  const answer = await attempt('HTTP', () => probe(patient));
  if ('verdict' in answer) {
    yield answer;
    return;
  }
  yield works('HTTP', `It answers (HTTP ${answer.statusCode}).`);
  yield clock(answer.headers.date);
  yield await attempt('Authentication', () => authentication(patient, answer));
  const wrapper = createWrapper(settings, patient);
  try {
    yield* protocol(wrapper);
  } finally {
    await wrapper.close();
  }
}

async function* wire({ protocol, hostname, port }: URL, network: Network): AsyncGenerator<Finding> {
  const host = hostname.replaceAll(/[[\]]/g, '');
  const number = Number(port === '' ? (protocol === 'https:' ? 443 : 80) : port);
  if (isIP(host) === 0) {
    yield await attempt('DNS', async () => {
      const found = await lookup(host, { all: true });
      return works('DNS', `${host} is ${found.map(({ address }) => address).join(', ')}.`);
    });
  }
  yield await attempt('Connection', async () => {
    const since = performance.now();
    const socket = connectTcp({ host, port: number, timeout: TIMEOUT_MS });
    socket.once('timeout', () => socket.destroy(new Error('no answer in time')));
    await once(socket, 'connect');
    socket.destroy();
    return works('Connection', `Port ${number} answers in ${Math.round(performance.now() - since)} ms.`);
  });
  if (protocol !== 'https:') return;
  yield await attempt('TLS', async () => {
    const servername = isIP(host) === 0 ? { servername: host } : {};
    const socket = connectTls({ host, port: number, ...servername, ...network.trusted });
    await once(socket, 'secureConnect');
    const until = new Date(socket.getPeerCertificate().valid_to);
    const text = `${socket.getProtocol() ?? 'TLS'}; its certificate is valid until ${until.toISOString().slice(0, 10)}.`;
    socket.destroy();
    return { step: 'TLS', verdict: until.getTime() - Date.now() < SOON_MS ? 'warns' : 'works', text };
  });
}

function probe({ settings, network, login }: Patient): Promise<Dispatcher.ResponseData> {
  const method = 'server/discover';
  const clientInfo = JsonText.of({ name: 'forge-wrapper', version: packageVersion() });
  const authorization = login?.authorization();
  return request(settings.url, {
    dispatcher: network.dispatcher(),
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...settings.headers,
      ...modernHeaders(method, undefined, LATEST_MODERN),
      ...(authorization !== undefined && { authorization }),
    },
    body: formatRequest('1', method, discoverParams(LATEST_MODERN, clientInfo)),
    headersTimeout: TIMEOUT_MS,
    bodyTimeout: TIMEOUT_MS,
  });
}

function clock(date: string | string[] | undefined): Finding {
  const skewMs = Date.now() - Date.parse(String(date));
  if (Number.isNaN(skewMs)) return { step: 'Clock', verdict: 'warns', text: 'The server does not tell its time.' };
  const text = `This machine is ${(Math.abs(skewMs) / 1000).toFixed(0)} s ${skewMs < 0 ? 'behind' : 'ahead of'} the server.`;
  if (Math.abs(skewMs) < SKEW_MS) return works('Clock', text);
  return { step: 'Clock', verdict: 'warns', text: `${text} Tokens may be refused for that: set the clock.` };
}

async function authentication(
  { settings, network, login }: Patient,
  answer: Dispatcher.ResponseData,
): Promise<Finding> {
  await answer.body.dump();
  const step = 'Authentication';
  if (answer.statusCode === 403)
    return { step, verdict: 'fails', text: 'The credential is known, but not allowed to (HTTP 403).' };
  if (answer.statusCode !== 401) {
    const given = 'authorization' in settings.headers || login?.authorization() !== undefined;
    return works(step, given ? 'The credential is accepted.' : 'None is asked for.');
  }
  if ('authorization' in settings.headers)
    return { step, verdict: 'fails', text: 'The credential is refused (HTTP 401).' };
  if (login === undefined)
    return { step, verdict: 'fails', text: 'A credential is asked for (HTTP 401). Give --auth, or allow --oauth.' };
  const http = createOAuthHttp(network.dispatcher, settings.url);
  const challenge = readChallenge(String(answer.headers['www-authenticate'] ?? ''));
  const { issuer } = await discover(http, settings.url, challenge);
  if (issuer.isGuess) {
    const text = 'A credential is asked for (HTTP 401), and the server does not say how to log in. Give one as --auth.';
    return { step, verdict: 'warns', text };
  }
  const can = [
    issuer.authorizationEndpoint && issuer.pkce && 'browser',
    issuer.deviceEndpoint && 'device code',
    issuer.registrationEndpoint && 'registers clients',
    issuer.clientMetadata && 'client metadata documents',
  ].filter((ability) => typeof ability === 'string');
  return works(step, `A login at ${printable(issuer.issuer)} is asked for (${can.join(', ')}).`);
}

async function* protocol({ endpoint, upstream }: Wrapper): AsyncGenerator<Finding> {
  const era = await attempt('Era', async () => {
    await endpoint.describe({ id: 'doctor' });
    const { era, protocolVersion, transport, reason } = await upstream.connect();
    return works('Era', `${era}, ${protocolVersion}, over ${transport}. ${reason}.`);
  });
  yield era;
  if (era.verdict === 'fails') return;
  yield await attempt('Tools', async () => {
    const names = await listToolNames(endpoint);
    const more = names.length > SHOWN_TOOLS ? `, and ${names.length - SHOWN_TOOLS} more` : '';
    return works('Tools', `${names.length}: ${names.slice(0, SHOWN_TOOLS).map(printable).join(', ')}${more}`);
  });
}

function works(step: string, text: string): Finding {
  return { step, verdict: 'works', text };
}

async function attempt<T>(step: string, take: () => Promise<T>): Promise<T | Finding> {
  try {
    return await take();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const text = message === '' ? String(code) : message; // several addresses failed, each in its own way
    return { step, verdict: 'fails', text: printable(`${text}${hintFor(code)}`) };
  }
}

function hintFor(code: string | undefined): string {
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return '. Is the name right, and this machine online?';
  if (code === 'ECONNREFUSED') return '. Nobody listens there: is the server running, and the port right?';
  if (/CERT|SELF_SIGNED|ISSUER|LEAF/.test(code ?? '')) return '. Is there a CA of your organisation? Give it as --ca.';
  return '';
}
