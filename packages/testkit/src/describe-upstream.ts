/** @module What every upstream must do, whatever is behind it: MCP over any transport, REST, gRPC, an agent. */
import { JsonText, type Upstream } from '@forge/protocol';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { call, failureOf, type Made, NO_EVENTS, send, textOf } from './upstream/client-side.ts';

/**
 * The far side: a real server with the tools `echo` (`text`: answers it), `fail` (an error that says `it failed`), `hang`
 * (never answers), `steps` (`count`: so many steps of progress, then `done`) and `large` (`size`: so many letters x).
 */
export interface UpstreamFixture {
  /** Makes an upstream that leads to it; not connected. */
  create(options: UpstreamFixtureOptions): Upstream;
  /** Ends the server as a crash does: what is open is cut, nothing answers. */
  stop(): Promise<void>;
  /** Starts it again at the same place. */
  start(): Promise<void>;
  /** Calls of `hang` that the server has and nobody has cancelled. */
  hanging(): number | Promise<number>;
  /** Connections or children that are open. */
  connections(): number | Promise<number>;
  /** Ends the server for good. */
  close(): Promise<void>;
}

/** What the suite asks of an upstream. */
export interface UpstreamFixtureOptions {
  readonly events: typeof NO_EVENTS;
  readonly requestTimeoutMs: number;
  /** A bound of {@link LARGE} bytes for an answer, where the upstream has such a bound. */
  readonly maxResponseBytes: number;
}

/** Where kinds of upstreams differ. */
export interface UpstreamTraits {
  /** Whether there is progress. @default true */
  readonly progress?: boolean;
  /** Whether connecting needs the far side, not only its description. @default true */
  readonly dials?: boolean;
  /** Whether answers have a bound. @default true */
  readonly bounded?: boolean;
  /** Connections that a busy upstream may hold. @default 64 */
  readonly maxConnections?: number;
}

const LARGE = 200_000;
const TOOLS = ['echo', 'fail', 'hang', 'large', 'steps'];

/**
 * Runs the suite that every upstream passes.
 *
 * @example
 * describeUpstream('stdio', async () => startFixture());
 */
export function describeUpstream(
  name: string,
  start: () => Promise<UpstreamFixture>,
  { progress = true, dials = true, bounded = true, maxConnections = 64 }: UpstreamTraits = {},
): void {
  describe(`upstream: ${name}`, () => {
    let fixture: UpstreamFixture;
    const opened: Upstream[] = [];

    const create = (requestTimeoutMs = 20_000): Upstream => {
      const upstream = fixture.create({ events: NO_EVENTS, requestTimeoutMs, maxResponseBytes: LARGE });
      opened.push(upstream);
      return upstream;
    };
    /** Until the server has the call. */
    const arrived = async (count = 1) => vi.waitFor(async () => expect(await fixture.hanging()).toBe(count), WAIT);

    beforeEach(async () => {
      fixture = await start();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((upstream) => upstream.close()));
      await fixture.close();
    });

    it('connects, and says what it found', async () => {
      const info = await create().connect();
      expect(info.protocolVersion).toMatch(/^\d{4}-\d\d-\d\d$/);
      expect(info.description.capabilities.member('tools')).toBeDefined();
      expect(info.reason).not.toBe('');
      expect(info.transport).not.toBe('');
    });

    it('lists its tools, each with a schema', async () => {
      const { result = NOTHING } = await send(create(), 'tools/list').outcome;
      const { tools } = result.value as { tools: { name: string; inputSchema: { type: string } }[] };
      expect(tools.map((tool) => tool.name).toSorted()).toEqual(TOOLS);
      expect(tools.map(({ inputSchema }) => inputSchema.type)).toEqual(TOOLS.map(() => 'object'));
    });

    it('carries arguments and answers whole', async () => {
      const text = 'ü😀 "quoted" \\ \n\t {}';
      expect(textOf(await call(create(), 'echo', { text }).outcome)).toBe(text);
    });

    it('gives each of many calls at one time its own answer', async () => {
      const upstream = create();
      const texts = Array.from({ length: 100 }, (_, at) => `text ${at}`);
      const outcomes = await Promise.all(texts.map((text) => call(upstream, 'echo', { text }).outcome));
      expect(outcomes.map(textOf)).toEqual(texts);
      expect(await fixture.connections()).toBeLessThanOrEqual(maxConnections);
    });

    it('passes on what the far side says went wrong', async () => {
      expect(failureOf(await call(create(), 'fail').outcome)).toContain('it failed');
    });

    it('refuses a tool that is not there, and a method that it does not know', async () => {
      const upstream = create();
      expect(failureOf(await call(upstream, 'nothing').outcome)).toBeDefined();
      expect((await send(upstream, 'made/up', {}).outcome).error?.code).toBe(-32_601);
      expect(textOf(await call(upstream, 'echo', { text: 'still here' }).outcome)).toBe('still here');
    });

    it('ends a call whose time is up, at the far side too', async () => {
      const upstream = create(300);
      const begin = Date.now();
      expect(failureOf(await call(upstream, 'hang').outcome)).toBeDefined();
      expect(Date.now() - begin).toBeGreaterThanOrEqual(290);
      await arrived(0);
      expect(textOf(await call(upstream, 'echo', { text: 'next' }).outcome)).toBe('next');
    });

    it('cancels one call and leaves the others alone', async () => {
      const upstream = create();
      const [hanging, other] = [call(upstream, 'hang'), call(upstream, 'hang')];
      await arrived(2);
      hanging.cancel();
      expect(failureOf(await hanging.outcome)).toBeDefined();
      await arrived(1);
      expect(textOf(await call(upstream, 'echo', { text: 'next' }).outcome)).toBe('next');
      other.cancel();
      await other.outcome;
    });

    it.runIf(progress)('tells of progress, before the answer and in order', async () => {
      const made = call(create(), 'steps', { count: 3 });
      expect(textOf(await made.outcome)).toBe('done');
      expect(made.progress.map((note) => note['progress'])).toEqual([1, 2, 3]);
    });

    it.runIf(bounded)('refuses an answer that is too large, and serves on', async () => {
      const upstream = create();
      expect(textOf(await call(upstream, 'large', { size: LARGE / 4 }).outcome)).toHaveLength(LARGE / 4);
      expect(failureOf(await call(upstream, 'large', { size: LARGE * 4 }).outcome)).toBeDefined();
      expect(textOf(await call(upstream, 'echo', { text: 'next' }).outcome)).toBe('next');
    });

    it('says so when the server is gone, during a call too, and finds it when it is back', async () => {
      const upstream = create();
      const inFlight = call(upstream, 'hang');
      await arrived();
      await fixture.stop();
      expect(failureOf(await inFlight.outcome)).toBeDefined();
      expect(failureOf(await call(upstream, 'echo', { text: 'lost' }).outcome)).toBeDefined();
      await fixture.start();
      const answer = await vi.waitFor(async () => textOf(await call(upstream, 'echo', { text: 'back' }).outcome), WAIT);
      expect(answer).toBe('back');
    });

    it('cannot connect where nothing is', async () => {
      await fixture.stop();
      const upstream = create();
      if (dials)
        await expect(upstream.connect()).rejects.toMatchObject({ code: expect.stringMatching(/^upstream_/) as string });
      expect(failureOf(await call(upstream, 'echo', { text: 'x' }).outcome)).toBeDefined();
    });

    it('closes with its calls and connections, however often it is told to', async () => {
      const upstream = create();
      const calls: Made[] = [call(upstream, 'hang'), call(upstream, 'hang')];
      await arrived(2);
      await upstream.close();
      await upstream.close();
      for (const { outcome } of calls) expect(failureOf(await outcome)).toBeDefined();
      await vi.waitFor(async () => expect(await fixture.connections()).toBe(0), WAIT);
      expect(failureOf(await call(upstream, 'echo', { text: 'late' }).outcome)).toBeDefined();
      expect(await fixture.connections()).toBe(0);
    });

    it('holds no more after 500 calls than after the first two', async () => {
      const upstream = create();
      // A pool may take a second connection while the first one is being looked after.
      for (const text of ['first', 'second']) await call(upstream, 'echo', { text }).outcome;
      const before = await fixture.connections();
      for (let at = 0; at < 500; at += 1) await call(upstream, 'echo', { text: String(at) }).outcome;
      expect(await fixture.connections()).toBeLessThanOrEqual(before);
    });
  });
}

const NOTHING = JsonText.of({ tools: [] });
const WAIT = { timeout: 10_000, interval: 20 };
