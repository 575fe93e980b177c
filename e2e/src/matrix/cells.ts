/** @module Which cells the matrix has, and what is expected of each: the tables are its documentation. */
import type { TransportName } from './clients/peer.ts';
import { STORIES, type Story } from './stories.ts';

/** Clients by name, with the transports that each has. */
export const CLIENTS = {
  'SDK v1 client': ['HTTP', 'SSE', 'stdio', 'WebSocket'],
  'SDK v2 legacy client': ['HTTP', 'SSE', 'stdio', 'WebSocket'], // the transport is v1's: v2 has none of its own
  'SDK v2 modern client': ['HTTP', 'SSE', 'stdio', 'WebSocket'],
  'Python 1.x client': ['HTTP', 'SSE', 'stdio', 'WebSocket'],
  'Python 2.x modern client': ['HTTP', 'SSE', 'stdio'],
} as const satisfies Readonly<Record<string, readonly TransportName[]>>;

/** Names of clients. */
export type ClientName = keyof typeof CLIENTS;

/** Servers by name, with what Forge finds each to be. */
export const SERVERS = {
  'SDK v1 server': { era: 'legacy', transport: 'streamable-http' },
  'SDK v2 modern server': { era: 'modern', transport: 'streamable-http' },
  'SDK v2 legacy server': { era: 'legacy', transport: 'streamable-http' },
  'Python 1.x server': { era: 'legacy', transport: 'streamable-http' },
  'Python 2.x modern server': { era: 'modern', transport: 'streamable-http' },
  'SDK v1 server over HTTP+SSE': { era: 'legacy', transport: 'sse' },
  'SDK v1 server on stdio': { era: 'legacy', transport: 'stdio' },
} as const;

/** Names of servers. */
export type ServerName = keyof typeof SERVERS;

/** A client, its transport and a server. */
export interface Cell {
  readonly client: ClientName;
  readonly transport: TransportName;
  readonly server: ServerName;
}

/** Stories that do not work in some cells, and the error that says so. */
interface Exception extends Partial<Cell> {
  readonly error: RegExp;
}

/** HTTP+SSE is a transport of 2024-11-05, so the modern era is not served on it. */
const NOT_ON_SSE = /Unsupported protocol version; served here: 2025-11-25/;

const EXCEPTIONS: readonly Exception[] = [
  { client: 'SDK v2 modern client', transport: 'SSE', error: NOT_ON_SSE },
  { client: 'Python 2.x modern client', transport: 'SSE', error: NOT_ON_SSE },
];

/** Forge starts one process for each client that a legacy server on stdio may ask, and no process knows of another. */
const NOT_ON_STDIO: readonly Story[] = ['subscription', 'list change'];

/** Every cell. Servers that are not on Streamable HTTP are called by clients that are. */
export const CELLS: readonly Cell[] = namesOf(CLIENTS).flatMap((client) =>
  CLIENTS[client].flatMap((transport) =>
    namesOf(SERVERS)
      .filter((server) => transport === 'HTTP' || SERVERS[server].transport === 'streamable-http')
      .map((server) => ({ client, transport, server })),
  ),
);

/** The stories that are told of a cell. */
export function storiesOf({ server }: Cell): Story[] {
  const stories = namesOf(STORIES);
  return SERVERS[server].transport === 'stdio' ? stories.filter((name) => !NOT_ON_STDIO.includes(name)) : stories;
}

/** What a story comes to in a cell. */
export function expected(cell: Cell, story: Story): { readonly said: string } | { readonly error: RegExp } {
  const exception = EXCEPTIONS.find(
    ({ client, transport, server }) =>
      (client ?? cell.client) === cell.client &&
      (transport ?? cell.transport) === cell.transport &&
      (server ?? cell.server) === cell.server,
  );
  return exception ?? { said: STORIES[story] };
}

function namesOf<Name extends string>(table: Readonly<Record<Name, unknown>>): Name[] {
  return Object.keys(table) as Name[];
}
