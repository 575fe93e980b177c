/** @module Clients of a server that listens: one keep-alive connection each and, in the legacy era, one session each. */
import { check, type Clients, request } from './clients.ts';
import { Connection } from './connection.ts';
import type { Endpoint, Listening } from './job.ts';
import { deleteRequest, DISCOVER, FIRST_ID, INITIALIZE, initializedRequest, requestTemplate } from './request.ts';

interface Client {
  readonly connection: Connection;
  readonly session: string | undefined;
}

/** Connects `count` clients. */
export async function openHttpClients(server: Listening, count: number): Promise<Clients> {
  const clients = await Promise.all(Array.from({ length: count }, () => openClient(server)));
  return {
    pid: server.pid,
    lanes: clients.map(({ connection }) => connection),
    template: (lane, call) => requestTemplate(server, call, clients[lane]?.session),
    async leave() {
      await Promise.all(clients.map((client) => endSession(server, client)));
    },
    async close() {
      for (const { connection } of clients) connection.close();
    },
  };
}

/** Asks what a client asks first, and waits for the answer. */
export async function firstAnswer(server: Endpoint): Promise<void> {
  const connection = await Connection.open(new URL(server.url));
  try {
    const { before, after } = requestTemplate(server, server.era === 'modern' ? DISCOVER : INITIALIZE, undefined);
    check(await request(connection, before + FIRST_ID + after), FIRST_ID);
  } finally {
    connection.close();
  }
}

async function openClient(server: Listening): Promise<Client> {
  const connection = await Connection.open(new URL(server.url));
  if (server.era === 'modern') return { connection, session: undefined };
  const { before, after } = requestTemplate(server, INITIALIZE, undefined);
  const answer = await request(connection, before + FIRST_ID + after);
  check(answer, FIRST_ID);
  // A server without sessions sends none: the baselines do not.
  const session = /\r\nmcp-session-id: *(\S+)/i.exec(answer.head)?.[1];
  const noted = await request(connection, initializedRequest(server, session));
  if (noted.status !== 202) throw new Error(`notifications/initialized: ${noted.head}`);
  return { connection, session };
}

async function endSession(server: Listening, { connection, session }: Client): Promise<void> {
  if (session !== undefined) await request(connection, deleteRequest(server, session));
}
