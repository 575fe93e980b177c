import { describe, expect, it } from 'vitest';
import { type Response, ResponseReader } from './response-reader.ts';

const PLAIN = 'HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 11\r\n\r\n{"id":1234}';
const CHUNKED =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{"id"\r\nA;x=y\r\n:123456789\r\n1\r\n}\r\n0\r\n\r\n';
const TRAILED = CHUNKED.replace(/\r\n$/, 'Checksum: 1\r\n\r\n');
const EMPTY = 'HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n';
const BODILESS = 'HTTP/1.1 204 No Content\r\n\r\n';

/** Reads `text` in pieces of `size` bytes, out of one buffer that is overwritten, as the sockets do. */
function read(text: string, size: number, capture = true): readonly Response[] {
  const responses: Response[] = [];
  const reader = new ResponseReader((response) => responses.push(response));
  reader.capture = capture;
  const bytes = Buffer.from(text, 'latin1');
  const shared = Buffer.alloc(size);
  for (let at = 0; at < bytes.length; at += size) {
    reader.push(shared.subarray(0, bytes.copy(shared, 0, at, at + size)));
  }
  return responses;
}

describe('a response reader', () => {
  it.each([1, 2, 3, 7, 50, 10_000])('finds every response in pieces of %d bytes', (size) => {
    const responses = read(PLAIN + CHUNKED + EMPTY + TRAILED + BODILESS + PLAIN, size);
    expect(responses.map(({ status, bodyBytes, body }) => [status, bodyBytes, body?.toString()])).toEqual([
      [200, 11, '{"id":1234}'],
      [200, 16, '{"id":123456789}'],
      [202, 0, ''],
      [200, 16, '{"id":123456789}'],
      [204, 0, ''],
      [200, 11, '{"id":1234}'],
    ]);
  });

  it('gives status line and headers as they came', () => {
    expect(read(PLAIN, 10)[0]?.head).toBe('HTTP/1.1 200 OK\r\nDate: today\r\nContent-Length: 11');
  });

  it('keeps no body unless asked', () => {
    expect(read(PLAIN, 20, false)).toMatchObject([{ status: 200, bodyBytes: 11, body: undefined }]);
  });

  it.each([
    ['a body without a length', 'HTTP/1.1 200 OK\r\n\r\n', 'No length'],
    [
      'a chunk without a size',
      'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n',
      'Not the size of a chunk',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => read(text, 100)).toThrow(message);
  });
});
