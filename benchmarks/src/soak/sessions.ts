/** @module Sessions that are opened and abandoned: what one costs, and that any number of them costs no more than the cap. */

import { atMost, type Finding, kbEach, mb, noLeak, told } from './findings.ts';
import { openSessions } from './open-sessions.ts';
import { startSubject } from './subject.ts';
import { until } from './until.ts';

const WAVES = 3;
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
    const findings: Finding[] = [];
    let plateau = before;
    for (let wave = 1; wave <= WAVES; wave += 1) {
      await openSessions(subject.endpoint, wave === 1 ? count - warmUp : count);
      const after = await subject.read();
      if (wave === 1) {
        plateau = after;
        const opened = count - warmUp;
        findings.push(
          told(`heap with ${warmUp} and with ${count} sessions`, `${mb(before.heap)}, ${mb(after.heap)}`),
          atMost('one idle session, by heap', (after.heap - before.heap) / 1024 / opened, MAX_KB, 'KB'),
          told('one idle session, by RSS', kbEach(after.rss - before.rss, opened)),
        );
      } else {
        findings.push(
          noLeak(`heap after ${wave * count} sessions`, after.heap, plateau.heap),
          noLeak(`RSS after ${wave * count} sessions`, after.rss, plateau.rss),
        );
      }
    }
    let left = before.heap;
    await until(async () => {
      left = (await subject.read()).heap;
      return left <= before.heap;
    }, EXPIRED_MS);
    return [...findings, noLeak('heap once all have expired', left, before.heap)];
  } finally {
    await subject.stop();
  }
}
