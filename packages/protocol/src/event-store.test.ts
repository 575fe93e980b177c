import { describe, expect, it } from 'vitest';
import { MemoryReply } from './edge.fixture.ts';
import { EventLog, EventStore, MAX_KEPT_CHARS, MAX_KEPT_EVENTS } from './event-store.ts';
import { SessionStream } from './session-stream.ts';

/** A stream whose client is not there. */
function streamOf(log: EventLog, requestId?: string): SessionStream {
  const reply = new MemoryReply();
  const stream = new SessionStream(log, reply, requestId);
  stream.detach(reply);
  return stream;
}

const dataOf = (log: EventLog, stream: SessionStream): string[] => log.after(stream, 0).map(({ data }) => data);

describe('a session', () => {
  it('keeps its newest events, whichever stream they are of', () => {
    const store = new EventStore();
    const log = new EventLog(store, true);
    const [one, two] = [streamOf(log, '1'), streamOf(log, '2')];
    one.event('first');
    for (let n = 1; n < MAX_KEPT_EVENTS; n += 1) two.event(String(n));
    expect(dataOf(log, one)).toEqual(['first']);
    two.event('last');
    expect(dataOf(log, one)).toEqual([]);
    expect(dataOf(log, two)).toHaveLength(MAX_KEPT_EVENTS);
  });

  it('keeps so many characters', () => {
    const store = new EventStore();
    const log = new EventLog(store, true);
    const stream = streamOf(log, '1');
    const third = 'x'.repeat(MAX_KEPT_CHARS / 2 - 1);
    for (const data of [third, third, 'abc']) stream.event(data);
    expect(dataOf(log, stream)).toEqual([third, 'abc']);
    expect(store.chars).toBe(third.length + 3);
    log.clear();
    expect(store.chars).toBe(0);
  });

  it('has its own epoch, and a number for every stream', () => {
    const store = new EventStore();
    const logs = [new EventLog(store, true), new EventLog(store, true)];
    expect(new Set(logs.map(({ epoch }) => epoch)).size).toBe(2);
    const numbers = logs.flatMap((log) => [streamOf(log).number, streamOf(log).number]);
    expect(numbers).toEqual([1, 2, 1, 2]);
  });
});

describe('an edge', () => {
  it('empties the sessions that have sent nothing for longest, once there is no room', () => {
    const store = new EventStore(80);
    const logs = Array.from({ length: 9 }, () => new EventLog(store, true));
    const streams = logs.map((log) => streamOf(log, '1'));
    for (const stream of streams.slice(0, 8)) stream.event('x'.repeat(10));
    streams[0]?.event('');
    expect(store.chars).toBe(80);
    streams[8]?.event('newest');
    expect(logs.map((log, at) => dataOf(log, streams[at] as SessionStream).length)).toEqual([
      2, 0, 0, 1, 1, 1, 1, 1, 1,
    ]);
    expect(store.chars).toBe(66);
  });
});
