import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { frame, FrameReader } from './frames.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const messages = ['', 'a', 'x'.repeat(3000), 'ü', 'y'.repeat(70_000)];
const sent = Buffer.concat(messages.map((text, at) => frame(Buffer.from(text), at % 2 === 1)));

function readAll(chunks: readonly Buffer[], reader = new FrameReader(100_000)): string[] {
  const found: string[] = [];
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let next = reader.next(); next !== undefined; next = reader.next()) {
      found.push(`${Number(next.compressed)}${next.bytes.toString()}`);
    }
  }
  return found;
}

it.each([1, 2, 3, 4, 5, 6, 7, 1000, 70_005, sent.length])('reads messages in chunks of %i bytes', (size) => {
  const chunks = Array.from({ length: Math.ceil(sent.length / size) }, (_, at) =>
    sent.subarray(at * size, (at + 1) * size),
  );
  const reader = new FrameReader(100_000);
  expect(readAll(chunks, reader)).toEqual(messages.map((text, at) => `${at % 2}${text}`));
  expect(reader.isEmpty).toBe(true);
});

it('reads what was added before all was read', () => {
  const reader = new FrameReader(10);
  for (const text of ['one', 'two', 'three']) reader.push(frame(Buffer.from(text)));
  expect([reader.next(), reader.next(), reader.next()].map((found) => found?.bytes.toString())).toEqual([
    'one',
    'two',
    'three',
  ]);
  expect(reader.next()).toBeUndefined();
});

it.each([1, 5, 9])('knows after %i bytes that a message has begun', (size) => {
  const reader = new FrameReader(10);
  reader.push(frame(Buffer.from('hello')).subarray(0, size));
  expect(reader.next()).toBeUndefined();
  expect(reader.isEmpty).toBe(false);
});

it('takes a message of the limit, and none that is longer, before it has come', () => {
  expect(readAll([frame(Buffer.alloc(10, 'z'))], new FrameReader(10))).toEqual(['0zzzzzzzzzz']);
  for (const head of [Buffer.of(0, 0, 0, 0, 11), Buffer.of(1, 255, 255, 255, 255)]) {
    const reader = new FrameReader(10);
    reader.push(head.subarray(0, 4));
    expect(reader.next()).toBeUndefined();
    reader.push(head.subarray(4));
    expect(() => reader.next()).toThrow(expect.objectContaining({ code: 8, fate: 'answered' }));
  }
});

it('refuses what is no frame', () => {
  const reader = new FrameReader(10);
  reader.push(Buffer.from('<html>'));
  expect(() => reader.next()).toThrow(expect.objectContaining({ code: 13, fate: 'unknown' }));
});

it('holds little more of a message in tiny chunks than what has come', () => {
  const bytes = 300_000;
  const readers = Array.from({ length: 4 }, () => new FrameReader(67_108_864));
  const held = () => {
    collectGarbage();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = held();
  for (const reader of readers) {
    reader.push(Buffer.of(0, 4, 0, 0, 0));
    for (let at = 0; at < bytes; at += 1) {
      reader.push(Buffer.of(at & 255));
      reader.next();
    }
  }
  expect(held() - before).toBeLessThan(4 * readers.length * bytes);
  expect(readers.every(({ isEmpty }) => !isEmpty)).toBe(true);
});

it('does not take the memory that a message says it will need', () => {
  const readers = Array.from({ length: 200 }, () => new FrameReader(67_108_864));
  const before = process.memoryUsage().arrayBuffers;
  for (const reader of readers) {
    reader.push(Buffer.of(0, 4, 0, 0, 0, 1));
    expect(reader.next()).toBeUndefined();
  }
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  expect(readers.every(({ isEmpty }) => !isEmpty)).toBe(true);
});
