import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSseDecoder, encodeEvent, type SseEvent } from './sse.ts';

function decode(chunks: readonly string[], maxEventLength = 10_000) {
  const events: SseEvent[] = [];
  const decoder = createSseDecoder((event) => events.push(event), { maxEventLength });
  for (const chunk of chunks) decoder.push(chunk);
  return { events, lastEventId: decoder.lastEventId, retry: decoder.retry };
}

const data = (...texts: string[]) => texts.map((text) => ({ event: 'message', data: text }));

describe('createSseDecoder', () => {
  it('yields the same events however the stream is cut and whichever line ends it has', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '',
        '',
        'data',
        'data:',
        'data: {"a":1}',
        'data:  x',
        ': comment',
        ':',
        'event: endpoint',
        'id: 7',
        'id',
      ),
      fc.constantFrom('retry: 10', 'retry: x', 'id: a\0b', 'unknown: x', ' data: x', 'data: \uFEFF', 'data: a:b'),
    );
    const ends = fc.array(fc.constantFrom('\n', '\r', '\r\n'), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(fc.array(line), ends, fc.boolean(), fc.array(fc.nat({ max: 6 })), (lines, ends, mark, cuts) => {
        // A lone line feed behind a carriage return would be one line end, not two.
        const ended = lines.map((text, at) => text + (text === '' ? '\r\n' : ends[at % ends.length])).join('');
        const stream = `${mark ? '\uFEFF' : ''}${ended}`;
        const chunks: string[] = [];
        let at = 0;
        for (const cut of cuts) chunks.push(stream.slice(at, (at += cut)));
        chunks.push(stream.slice(at));
        expect(decode(chunks)).toEqual(decode([lines.map((text) => `${text}\n`).join('')]));
        expect(decode(stream.split(''))).toEqual(decode([stream]));
      }),
      { numRuns: 1_000 },
    );
  });

  it('reads what encodeEvent writes', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.option(text), fc.option(text))), (sent) => {
        const stream = sent.map(([data, event, id]) =>
          encodeEvent({ data, event: event ?? undefined, id: id ?? undefined }),
        );
        expect(decode(stream).events).toEqual(
          sent.map(([data, event]) => ({
            event: event?.replaceAll(/[\r\n\0]/g, '') || 'message',
            data: data.replaceAll(/\r\n?/g, '\n'),
          })),
        );
      }),
    );
  });

  it('follows the standard where it matters', () => {
    expect(decode(['data: a\ndata: b\n\n']).events).toEqual(data('a\nb'));
    expect(decode(['data\n\ndata\ndata\n\ndata:']).events).toEqual(data('', '\n'));
    expect(decode(['data:x\n\n\n\n:c\n\nevent: e\n\ndata: y\n\n']).events).toEqual(data('x', 'y'));
    expect(decode(['event: endpoint\ndata: /m?s=1\n\n']).events).toEqual([{ event: 'endpoint', data: '/m?s=1' }]);
    expect(decode(['data: a\r', '\ndata: b\r', '\r', '\n']).events).toEqual(data('a\nb'));
    expect(decode(['data: unfinished\n']).events).toEqual([]);
  });

  it('knows the last id and the time to reconnect, also from a priming event without data', () => {
    expect(decode(['id: 1\nretry: 500\ndata:\n\n'])).toEqual({ events: data(''), lastEventId: '1', retry: 500 });
    expect(decode(['id: 1\n\nid: 2\0\n\nretry: 99999999999\n\n'])).toEqual({
      events: [],
      lastEventId: '1',
      retry: undefined,
    });
    expect(decode(['id: 1\ndata: a\n\nid: 2\ndata: b\n']).lastEventId).toBe('1'); // cut before the event was whole
    const ids: unknown[] = [];
    const decoder = createSseDecoder(() => ids.push(decoder.lastEventId), { maxEventLength: 100 });
    decoder.push('id: a\ndata: 1\n\ndata: 2\n\nid: b\ndata: 3\n\n');
    expect(ids).toEqual(['a', 'a', 'b']);
  });

  it('keeps no more of an event than the limit, be it in one line or many, in one chunk or many', () => {
    const tooLong = expect.objectContaining({ code: 'upstream_error' });
    for (const text of [
      `data: ${'x'.repeat(100)}`,
      'data: xxxxxxx\n'.repeat(20),
      ':'.repeat(101),
      'data\n'.repeat(101),
    ]) {
      expect(() => decode([text], 100)).toThrow(tooLong);
      expect(() => decode(text.split(''), 100)).toThrow(tooLong);
    }
  });

  it('counts neither comments nor events that are over', () => {
    const text = `${':\n'.repeat(1_000)}data: 1\n\n`.repeat(3);
    expect(decode([text], 20).events).toEqual(data('1', '1', '1'));
    expect(decode(text.split(''), 20).events).toEqual(data('1', '1', '1'));
  });

  it('reads a large event in small chunks in linear time', () => {
    const chunks = Array<string>(20_000).fill('x'.repeat(100));
    const start = performance.now();
    expect(decode(['data:', ...chunks, '\n\n'], 3_000_000).events[0]?.data).toHaveLength(2_000_000);
    expect(performance.now() - start).toBeLessThan(2_000); // quadratic would be minutes
  });
});

describe('encodeEvent', () => {
  it('pins the wire', () => {
    expect(encodeEvent({ data: '{}' })).toBe('data: {}\n\n');
    expect(encodeEvent({ data: '', id: '7', retry: 100 })).toBe('id: 7\ndata: \nretry: 100\n\n');
    expect(encodeEvent({ data: 'a\r\nb\rc\nd', event: 'e' })).toBe('event: e\ndata: a\ndata: b\ndata: c\ndata: d\n\n');
  });

  it('lets no event name or id forge another field', () => {
    expect(encodeEvent({ data: '', event: 'a\ndata: x', id: '1\r\n\r\ndata: y' })).toBe(
      'event: adata: x\nid: 1data: y\ndata: \n\n',
    );
  });
});
