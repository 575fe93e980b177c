import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createLineReader, writeLine } from './lines.ts';

function reading(maxMessageBytes = 1000) {
  const messages: string[] = [];
  const noise: string[] = [];
  let overflows = 0;
  const reader = createLineReader({
    maxMessageBytes,
    onMessage: (message) => messages.push(message),
    onNoise: (line) => noise.push(line),
    onOverflow: () => (overflows += 1),
  });
  return { reader, messages, noise, overflows: () => overflows };
}

describe('createLineReader', () => {
  it('yields the same messages wherever the bytes are cut', () => {
    const bytes = Buffer.from('\uFEFF{"a":"é€😀"}\r\n\n{"b":"\uFEFF"}\n{"c":1}\n');
    for (let size = 1; size <= bytes.length; size += 1) {
      const { reader, messages, noise } = reading();
      for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
      expect(messages).toEqual(['{"a":"é€😀"}', '{"b":"\uFEFF"}', '{"c":1}']);
      expect(noise).toEqual([]);
    }
  });

  it('takes a last line without a newline', () => {
    const { reader, messages } = reading();
    reader.push(Buffer.from('{"a":1}'));
    expect(messages).toEqual([]);
    reader.end();
    expect(messages).toEqual(['{"a":1}']);
  });

  it('tells banners, log lines and pretty-printed pieces from messages and batches', () => {
    const { reader, messages, noise } = reading();
    reader.push(Buffer.from('ready\n[INFO] up\n{\n  "a": 1\n}\n[ {"a":1} ]\n[1]\n'));
    expect(messages).toEqual(['[ {"a":1} ]']);
    expect(noise).toEqual(['ready', '[INFO] up', '{', '"a": 1', '}', '[1]']);
  });

  it.each([1, 1000])('stops at a line over its bound, %i bytes at a time', (size) => {
    const { reader, messages, overflows } = reading(20);
    const bytes = Buffer.from(`{"a":1}\n{"b":"${'x'.repeat(30)}"}\n{"c":1}\n`);
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    reader.end();
    expect(messages).toEqual(['{"a":1}']);
    expect(overflows()).toBe(1);
  });

  it('delivers nothing more once stopped, even out of the chunk at hand', () => {
    const messages: string[] = [];
    const reader = createLineReader({
      maxMessageBytes: 1000,
      onMessage(message) {
        messages.push(message);
        reader.stop();
      },
      onNoise() {},
      onOverflow() {},
    });
    reader.push(Buffer.from('{"a":1}\n{"b":1}\n'));
    reader.end();
    expect(messages).toEqual(['{"a":1}']);
  });
});

describe('writeLine', () => {
  it('keeps a message with line breaks between its tokens on one line', () => {
    const written: string[] = [];
    const stream = new Writable({
      write(chunk: Buffer, _encoding, done) {
        written.push(chunk.toString());
        done();
      },
    });
    writeLine(stream, '{"params":\r\n{"jsonrpc":"2.0","id":9,"method":"tools/call"}\r}', 1000);
    expect(written).toEqual(['{"params": {"jsonrpc":"2.0","id":9,"method":"tools/call"} }\n']);
  });

  it('refuses to write once too much is waiting', () => {
    const stuck = new Writable({ write() {} });
    expect(writeLine(stuck, `"${'x'.repeat(100)}"`, 50)).toBe(true);
    expect(writeLine(stuck, '{}', 50)).toBe(false);
  });
});
