import type { Channel } from '@forge/protocol';
import { describe, expect, it } from 'vitest';
import { createLinkedEnds, type InProcessTransport } from './linked-ends.ts';

const PING = '{"jsonrpc":"2.0","id":1,"method":"ping"}';

/** What either side has got. */
function link(maxLength = 1000): {
  channel: Channel;
  transport: InProcessTransport;
  forge: string[];
  server: unknown[];
  listen(): void;
} {
  const { channel, transport } = createLinkedEnds(maxLength);
  const forge: string[] = [];
  const server: unknown[] = [];
  Object.assign(transport, { onmessage: (it: unknown) => server.push(it), onclose: () => server.push('closed') });
  return {
    channel,
    transport,
    forge,
    server,
    listen() {
      channel.onMessage = (text) => forge.push(text);
      channel.onClose = (error) => forge.push(error.message);
    },
  };
}

function throwing(message: string): () => never {
  return () => {
    throw new Error(message);
  };
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 0));

describe('two linked ends', () => {
  it('pass messages in order, and neither side within a call of the other', async () => {
    const { channel, transport, forge, server, listen } = link();
    listen();
    await transport.start();
    channel.send(PING);
    channel.send('{"jsonrpc":"2.0","id":2,"method":"ping"}');
    expect(server).toEqual([]);
    const sending = transport.send({ jsonrpc: '2.0', id: 1, result: {} });
    expect(forge).toEqual([]);
    await sending;
    await settled();
    expect(server).toEqual([
      { jsonrpc: '2.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', id: 2, method: 'ping' },
    ]);
    expect(forge).toEqual(['{"jsonrpc":"2.0","id":1,"result":{}}']);
  });

  it('let others have their turn while a server has much to say', async () => {
    const { transport, forge, listen } = link();
    listen();
    await transport.start();
    const turn = { isOver: false };
    setTimeout(() => (turn.isOver = true), 0);
    for (let at = 0; at < 100_000 && !turn.isOver; at += 1) await transport.send({ jsonrpc: '2.0', method: 'x' });
    await settled();
    expect(forge.length).toBeLessThan(10_000);
  });

  it('keep what comes before the other side is ready', async () => {
    const { channel, transport, forge, server, listen } = link();
    channel.send(PING);
    await transport.send({ jsonrpc: '2.0', method: 'notifications/message' });
    await transport.send({ jsonrpc: '2.0', method: 'notifications/tools/list_changed' });
    await settled();
    expect([...server, ...forge]).toEqual([]);
    await transport.start();
    listen();
    await settled();
    expect(server).toHaveLength(1);
    expect(forge.map((text) => (JSON.parse(text) as { method: string }).method)).toEqual([
      'notifications/message',
      'notifications/tools/list_changed',
    ]);
  });

  it('hold nothing of each other: what is changed after it was sent is not changed on its way', async () => {
    const { transport, forge, listen } = link();
    listen();
    const result = { state: 'sent' };
    await transport.send({ jsonrpc: '2.0', id: 1, result });
    result.state = 'changed';
    await settled();
    expect(forge).toEqual(['{"jsonrpc":"2.0","id":1,"result":{"state":"sent"}}']);
  });

  it('answer by an error what cannot be sent, and tell the server', async () => {
    const { transport, forge, listen } = link(100);
    listen();
    const circle: Record<string, unknown> = {};
    circle['itself'] = circle;
    const large = { jsonrpc: '2.0', id: 'a', result: { text: 'x'.repeat(100) } };
    await expect(transport.send(large)).rejects.toThrow('100 are allowed');
    await expect(transport.send({ jsonrpc: '2.0', id: 7, result: circle })).rejects.toThrow('circular');
    await expect(transport.send({ jsonrpc: '2.0', id: 8, method: 'ping', params: circle })).rejects.toThrow('circular');
    await settled();
    expect(forge.map((text) => JSON.parse(text) as object)).toMatchObject([
      { id: 'a', error: { code: -32_603, message: expect.stringContaining('100 are allowed') as string } },
      { id: 7, error: { code: -32_603, message: expect.stringContaining('circular') as string } },
    ]);
  });

  it('end once, whoever ends them: what the server said before is heard, and nothing after', async () => {
    const { channel, transport, forge, server, listen } = link();
    listen();
    await transport.start();
    channel.send(PING);
    void transport.send({ jsonrpc: '2.0', method: 'notifications/last' });
    void transport.close();
    void transport.close();
    channel.send(PING);
    await expect(transport.send({ jsonrpc: '2.0', method: 'late' })).rejects.toThrow('closed');
    await expect(transport.start()).rejects.toThrow('closed');
    await channel.close();
    await settled();
    expect(forge).toEqual(['{"jsonrpc":"2.0","method":"notifications/last"}', 'The server closed the connection']);
    expect(server).toEqual(['closed']);
  });

  it('are silent once Forge has closed them', async () => {
    const { channel, transport, forge, server, listen } = link();
    listen();
    await transport.start();
    void transport.send({ jsonrpc: '2.0', method: 'notifications/unheard' });
    await channel.close();
    await settled();
    expect([forge, server]).toEqual([[], ['closed']]);
  });

  it('end as a process does that crashes when the server throws', async () => {
    const { channel, transport, forge, listen } = link();
    listen();
    Object.assign(transport, { onmessage: throwing('a bug'), onclose: throwing('another bug') });
    await transport.start();
    channel.send(PING);
    await settled();
    expect(forge).toEqual(['The server threw: a bug']);
  });

  it('say that they ended to whoever listens only then', async () => {
    const { transport, forge, listen } = link();
    await transport.close();
    listen();
    await settled();
    expect(forge).toEqual(['The server closed the connection']);
  });
});
