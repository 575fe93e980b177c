/** @module What every bus must do. */
import type { Bus, BusMessage } from '@forge/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

/** Two replicas of one Forge; for a bus within one process, the same object twice. */
export interface BusFixture {
  readonly here: Bus;
  readonly there: Bus;
}

/**
 * Runs the suite that every bus passes.
 *
 * @example
 * describeBus('memory', async () => {
 *   const bus = createMemoryBus();
 *   return { here: bus, there: bus };
 * });
 */
export function describeBus(name: string, create: () => Promise<BusFixture>): void {
  describe(`bus: ${name}`, () => {
    let here: Bus;
    let there: Bus;

    beforeEach(async () => {
      ({ here, there } = await create());
    });
    afterEach(async () => {
      await here.close();
      await there.close();
    });

    it('delivers a message to every subscriber of every replica, the sender included', async () => {
      const inboxes = [inbox(here), inbox(here), inbox(there)];
      await here.publish({ type: 'token-revoked', jti: 'a' });
      for (const { until } of inboxes) expect(await until('a')).toContainEqual({ type: 'token-revoked', jti: 'a' });
    });

    it('carries every kind of message whole', async () => {
      const messages: BusMessage[] = [];
      const seen = new Promise<void>((resolve) => {
        there.subscribe((message) => {
          messages.push(message);
          if (message.type === 'token-revoked') resolve();
        });
      });
      await here.publish({ type: 'changed' });
      await here.publish({ type: 'token-revoked', jti: 'ü-😀-"\\\n' });
      await seen;
      expect(messages).toContainEqual({ type: 'changed' });
      expect(messages).toContainEqual({ type: 'token-revoked', jti: 'ü-😀-"\\\n' });
    });

    it('delivers what one replica sends in the order of sending', async () => {
      const { until } = inbox(there);
      const sent = Array.from({ length: 200 }, (_, at) => `jti-${at}`);
      for (const jti of sent) await here.publish({ type: 'token-revoked', jti });
      // At least once: the same message may come twice, so firsts are compared.
      const firsts = [...new Set((await until('jti-199')).map(jtiOf))];
      expect(firsts).toEqual(sent);
    });

    it('tells a subscriber nothing after it stopped, and the others everything', async () => {
      const gone = inbox(here);
      const staying = inbox(here);
      gone.stop();
      gone.stop();
      await there.publish({ type: 'token-revoked', jti: 'later' });
      await staying.until('later');
      expect(gone.messages).toEqual([]);
    });

    it('treats one function that subscribes twice as two subscribers', async () => {
      const messages: BusMessage[] = [];
      const listener = (message: BusMessage) => void messages.push(message);
      const stop = here.subscribe(listener);
      here.subscribe(listener);
      stop();
      const last = inbox(here);
      await here.publish({ type: 'token-revoked', jti: 'x' });
      await last.until('x');
      expect(messages.map(jtiOf)).toContain('x');
    });

    it('lets a subscriber throw without a loss for the publisher and the others', async () => {
      here.subscribe(() => {
        throw new Error('a faulty subscriber');
      });
      const sound = inbox(here);
      await here.publish({ type: 'token-revoked', jti: 'y' });
      expect((await sound.until('y')).map(jtiOf)).toContain('y');
    });

    it('lets subscribers come and go while a message is delivered', async () => {
      const stop = here.subscribe(() => {
        stop();
        here.subscribe(() => {});
      });
      const other = inbox(here);
      await here.publish({ type: 'token-revoked', jti: 'z' });
      expect((await other.until('z')).map(jtiOf)).toContain('z');
    });

    it('gives subscribers nothing that they could change for each other', async () => {
      here.subscribe((message) => {
        Reflect.set(message, 'type', 'changed');
      });
      const other = inbox(here);
      await here.publish({ type: 'token-revoked', jti: 'kept' });
      expect(await other.until('kept')).toContainEqual({ type: 'token-revoked', jti: 'kept' });
    });

    it('refuses to publish once closed, and closes twice', async () => {
      await here.close();
      await here.close();
      await expect(here.publish({ type: 'changed' })).rejects.toThrow();
    });
  });
}

const jtiOf = (message: BusMessage) => (message.type === 'token-revoked' ? message.jti : undefined);

/** Collects messages; `until` waits for the revocation of `jti`. */
function inbox(bus: Bus) {
  const messages: BusMessage[] = [];
  let check = () => {};
  const stop = bus.subscribe((message) => {
    messages.push(message);
    check();
  });
  const until = (jti: string) =>
    new Promise<readonly BusMessage[]>((resolve) => {
      check = () => {
        if (messages.some((message) => jtiOf(message) === jti)) resolve(messages);
      };
      check();
    });
  return { messages, stop, until };
}
