/** @module MCP servers that live in this process, as upstreams: without a socket, without a child. */
import { type Channel, createChannelUpstream, ForgeError, JsonText } from '@forge/protocol';
import type { UpstreamRecord } from '../contracts/model.ts';
import type { UpstreamAdapter } from '../contracts/upstream-adapter.ts';
import { invalid } from '../registry/checks.ts';
import type { Identity } from '../serving/describe.ts';
import { after } from '../upstreams/timer.ts';
import { createLinkedEnds, type InProcessTransport } from './linked-ends.ts';

/**
 * Connects a server to `transport`. It is called for each connection, also when the one before has ended, and makes a server
 * for each: a legacy session is one client's.
 */
export type ConnectServer = (transport: InProcessTransport) => unknown;

/** Options of {@link inProcessAdapter}. */
export interface InProcessOptions {
  /** What can be registered, and nothing else can. Looked at with each registration and connection: it may grow. */
  readonly servers: Readonly<Record<string, ConnectServer>>;
  /** How Forge names itself to them. @default { name: 'forge', version: '0' } */
  readonly identity?: Identity | undefined;
  /** How long a server may take to be connected, in ms. @default 10000 */
  readonly connectTimeoutMs?: number | undefined;
  /** How long a call may take, in ms, unless its upstream says otherwise. Progress gives it the whole time again. @default 60000 */
  readonly requestTimeoutMs?: number | undefined;
  /** Characters of one message of a server; a call whose answer has more fails. @default 67108864 */
  readonly maxMessageLength?: number | undefined;
}

/** Connections for clients that a legacy server may ask something: they cost a server each, and no more. */
const MAX_SESSIONS = 256;

/**
 * Serves upstreams of the transport `in-process`. `config` names the server, `{"server":"clock"}`; without it, it is the one
 * called as the upstream is when it is registered.
 *
 * @example
 * const adapter = inProcessAdapter({ servers: { clock: (transport) => createClock().connect(transport) } });
 * const forge = await createForge({ store, sealer, adapters: [adapter] });
 * await forge.registry.upstreams.create(principal, { name: 'clock', transport: 'in-process' });
 */
export function inProcessAdapter(options: InProcessOptions): UpstreamAdapter {
  const { servers, connectTimeoutMs = 10_000, maxMessageLength = 64 * 1024 * 1024 } = options;
  const clientInfo = JsonText.of(options.identity ?? { name: 'forge', version: '0' });
  const find = (name: string): ConnectServer | undefined => (Object.hasOwn(servers, name) ? servers[name] : undefined);

  async function open(name: string): Promise<Channel> {
    const connect = find(name);
    if (connect === undefined) throw new ForgeError('upstream_unreachable', `This process has no server "${name}"`);
    const ends = createLinkedEnds(maxMessageLength);
    try {
      await within(connectTimeoutMs, () => connect(ends.transport));
    } catch (error) {
      await ends.channel.close();
      throw error;
    }
    if (ends.ended) throw new ForgeError('upstream_unreachable', 'The server closed the connection at once');
    return ends.channel;
  }

  return {
    transports: ['in-process'],
    check(record) {
      if (record.secrets !== undefined) throw invalid('secrets', 'does not go with a server in this process');
      const name = serverOf(record);
      if (find(name) === undefined) throw invalid('config.server', `this process has no server "${name}"`);
    },
    // A stored name may be one that this process no longer has: that is an upstream that cannot be reached.
    create: (record, events) =>
      createChannelUpstream({
        open: async () => open(serverOf(record)),
        transport: 'in-process',
        era: record.era,
        events,
        clientInfo,
        requestTimeoutMs: record.timeoutMs ?? options.requestTimeoutMs,
        maxSessions: MAX_SESSIONS,
      }),
  };
}

/** @throws ForgeError `validation_failed` */
function serverOf({ config, name }: UpstreamRecord): string {
  const { server, ...others } = JSON.parse(config ?? JSON.stringify({ server: name })) as Record<string, unknown>;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`config.${unknown.slice(0, 40)}`, 'is not known here');
  if (typeof server !== 'string') throw invalid('config.server', 'must be the name of a server');
  return server;
}

/** Waits for `work`, but not for longer than this. @throws ForgeError `upstream_timeout`, and what `work` throws */
async function within(timeoutMs: number, work: () => unknown): Promise<void> {
  let stop: (() => void) | undefined;
  const late = new Promise<never>((_, reject) => {
    stop = after(timeoutMs, () =>
      reject(new ForgeError('upstream_timeout', `The server was not connected within ${timeoutMs} ms`)),
    );
  });
  try {
    await Promise.race([work(), late]);
  } finally {
    stop?.();
  }
}
