/** @module Event streams as they are on the wire. */
import { type ClientRequest, request } from 'node:http';
import type { Scope } from '../harness/scope.ts';
import { until } from '../harness/until.ts';

/** An open stream. */
export interface EventStream {
  /** What came so far. */
  readonly text: string;
  /** `properly`: the server ended it; `cut`: the connection broke. */
  readonly ended: Promise<'properly' | 'cut'>;
}

/** Opens a stream by GET, or by POST where there is a body; it stays open for as long as the server and the scope want. */
export function openStream(
  scope: Scope,
  url: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<EventStream> {
  return new Promise((resolve, reject) => {
    const all = { accept: 'text/event-stream', ...headers };
    const sent: ClientRequest = request(
      url,
      { method: body === undefined ? 'GET' : 'POST', headers: all, agent: false },
      (answer) => {
        if (answer.statusCode !== 200) return reject(new Error(`HTTP ${answer.statusCode}`));
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        const ended = new Promise<'properly' | 'cut'>((settle) => {
          answer.on('end', () => settle('properly'));
          answer.on('error', () => settle('cut'));
        });
        resolve({
          get text() {
            return text;
          },
          ended,
        });
      },
    );
    sent.on('error', reject);
    sent.end(body);
    scope.add(sent, () => sent.destroy());
  });
}

/** Opens a stream of HTTP+SSE (2024-11-05); the path to post messages to. */
export async function openSse(scope: Scope, url: string, token: string): Promise<string> {
  const stream = await openStream(scope, url, { authorization: `Bearer ${token}` });
  return until('the endpoint event', () => /event: endpoint\s+data: (\S+)/.exec(stream.text)?.[1]);
}
