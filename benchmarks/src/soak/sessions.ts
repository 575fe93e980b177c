/** @module Sessions that are opened and abandoned: what one costs, and that any number of them costs no more than the cap. */
import { atMost, exactly, type Finding, kbEach, mb, noLeak, told } from './findings.ts';
import { openSessions } from './open-sessions.ts';
import { startSubject } from './subject.ts';
import { until } from './until.ts';

const MAX_KB = 10;
/** A wave takes less than this, so none of a wave's sessions has ended when it is measured. */
const IDLE_S = 60;
/** Idle sessions are looked for once a minute. */
const EXPIRED_MS = (IDLE_S + 75) * 1000;
/** Caches and compiled code are there after so many, as a part of a wave. */
const WARM_UP = 0.05;

/** Opens as many sessions as the gateway keeps, three times over, then lets them expire. */
export async function soakSessions(count: number): Promise<readonly Finding[]> {
  const subject = await startSubject('legacy', { MCP_MAX_SESSIONS: String(count), SESSION_TTL: String(IDLE_S) });
  try {
    const warmUp = Math.ceil(count * WARM_UP);
    await openSessions(subject.endpoint, warmUp);
    const before = await subject.read();
    const nextWave = async () => {
      await openSessions(subject.endpoint, count);
      return subject.read();
    };
    await openSessions(subject.endpoint, count - warmUp);
    const [first, second, third] = [await subject.read(), await nextWave(), await nextWave()];
    const opened = count - warmUp;
    const { sessions } = await subject.counts();
    await until(async () => (await subject.counts()).sessions === 0, EXPIRED_MS);
    const expired = await subject.counts();
    const left = await subject.read();
    return [
      told(`heap with ${warmUp} and with ${count} sessions`, `${mb(before.heap)}, ${mb(first.heap)}`),
      atMost('one idle session, by heap', (first.heap - before.heap) / 1024 / opened, MAX_KB, 'KB'),
      told('one idle session, by RSS', kbEach(first.rss - before.rss, opened)),
      noLeak(`heap after ${2 * count} sessions`, second.heap, first.heap),
      noLeak(`heap after ${3 * count} sessions`, third.heap, first.heap),
      // V8 takes more room for what is new while the first waves come in, and keeps it.
      told(`RSS after ${count} and ${2 * count} sessions`, `${mb(first.rss)}, ${mb(second.rss)}`),
      noLeak(`RSS after ${3 * count} sessions`, third.rss, second.rss),
      exactly('sessions in memory then', sessions, count),
      exactly('sessions once all have expired', expired.sessions, 0),
      noLeak('heap then', left.heap, before.heap),
    ];
  } finally {
    await subject.stop();
  }
}
