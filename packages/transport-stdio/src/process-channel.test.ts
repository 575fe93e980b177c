import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, it } from 'vitest';
import { processChannel, type ProcessChannelOptions } from './process-channel.ts';

function opened(options: ProcessChannelOptions = {}) {
  const stdin = new PassThrough();
  const stdout = new PassThrough();
  const channel = processChannel({ stdin, stdout, ...options });
  const messages: string[] = [];
  channel.onMessage = (message) => messages.push(message);
  const ended = new Promise<Error>((resolve) => (channel.onClose = resolve));
  return { stdin, stdout, channel, messages, ended };
}

it('delivers all that was read before it tells of the end', async () => {
  const { stdin, stdout, channel, messages, ended } = opened();
  stdin.end('{"a":1}\n{"a":2}\n{"a":3}');
  expect((await ended).message).toBe('The client closed our stdin');
  expect(messages).toEqual(['{"a":1}', '{"a":2}', '{"a":3}']);
  channel.send('{"late":1}');
  await channel.close();
  expect(stdout.read()?.toString()).toBe('{"late":1}\n');
});

it('tells of the end only when every request was answered or cancelled', async () => {
  const { stdin, stdout, channel, ended } = opened({ drainMs: 60_000 });
  stdin.write('{"jsonrpc":"2.0","id":1,"method":"tools/call"}\n{"jsonrpc":"2.0","id":"b","method":"tools/call"}\n');
  stdin.write(
    '{"jsonrpc":"2.0","id":3,"method":"tools/call"}\n{"jsonrpc":"2.0","id":4,"method":"subscriptions/listen"}\n',
  );
  stdin.end('{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":3}}\n');
  await once(stdin, 'end');
  channel.send('{"jsonrpc":"2.0","id":1,"result":{}}');
  let told = false;
  void ended.then(() => (told = true));
  await new Promise(setImmediate);
  expect(told).toBe(false);
  channel.send('{"jsonrpc":"2.0","id":"b","error":{"code":1,"message":"no"}}');
  await ended;
  expect(stdout.read()?.toString().split('\n')).toHaveLength(3);
});

it('waits for answers no longer than it was told to', async () => {
  const { stdin, ended } = opened({ drainMs: 20 });
  stdin.end('{"jsonrpc":"2.0","id":1,"method":"tools/call"}\n');
  expect((await ended).message).toBe('The client closed our stdin');
});

it('ends when the client has closed our stdout, without an unhandled error', async () => {
  const { stdout, channel, ended } = opened();
  stdout.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  expect((await ended).message).toBe('The client closed our stdout: write EPIPE');
  channel.send('{}');
  await channel.close();
});

it('ends when the client leaves too much of our output unread', async () => {
  const { channel, ended } = opened({ maxMessageBytes: 1000 });
  for (let n = 0; n < 100; n += 1) channel.send(JSON.stringify({ text: 'x'.repeat(1000) }));
  expect((await ended).message).toBe('The client left more than 1000 bytes of our output unread');
});

it('ends when the client sends a message that is too large', async () => {
  const { stdin, ended } = opened({ maxMessageBytes: 1000 });
  stdin.write('x'.repeat(2000));
  expect((await ended).message).toBe('The client sent a message of more than 1000 bytes');
});

it('says nothing of an end that was asked for, and lets go of stdin', async () => {
  const { stdin, channel } = opened();
  let told = false;
  channel.onClose = () => (told = true);
  await Promise.all([channel.close(), channel.close(), once(stdin, 'close')]);
  expect(stdin.destroyed).toBe(true);
  expect(told).toBe(false);
});
