/** @module Legacy sessions by the thousand. */
import { check, request } from '../load/clients.ts';
import { Connection } from '../load/connection.ts';
import type { Endpoint } from '../load/job.ts';
import { FIRST_ID, INITIALIZE, initializedRequest, requestTemplate } from '../load/request.ts';

const LANES = 32;

/** Opens sessions over a few connections, which are closed then; their ids. Nobody ends them. */
export async function openSessions(endpoint: Endpoint, count: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let left = count;
  const lanes = Array.from({ length: Math.min(LANES, count) }, async () => {
    const connection = await Connection.open(new URL(endpoint.url));
    while (left-- > 0) ids.push(await openSession(endpoint, connection));
    connection.close();
  });
  await Promise.all(lanes);
  return ids;
}

async function openSession(endpoint: Endpoint, connection: Connection): Promise<string> {
  const { before, after } = requestTemplate(endpoint, INITIALIZE, undefined);
  const answer = await request(connection, before + FIRST_ID + after);
  check(answer, FIRST_ID);
  const session = /\r\nmcp-session-id: *(\S+)/i.exec(answer.head)?.[1];
  if (session === undefined) throw new Error(`No session: ${answer.head}`);
  const noted = await request(connection, initializedRequest(endpoint, session));
  if (noted.status !== 202) throw new Error(`notifications/initialized: ${noted.head}`);
  return session;
}
