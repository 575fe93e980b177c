/** @module What plugins do to calls, in the log. */
import type { PluginEvent } from '@forge/core';
import type { Logger } from 'pino';

/** Things that are said once each. */
const MAX_SAID = 1000;

/** Tells the log. What a plugin says of a failure stands here, and nowhere that callers read. */
export function logPluginEvents(log: Logger): (event: PluginEvent) => void {
  const said = new Set<string>();
  return ({ type, plugin, hook, mode, tool, message, onError, cause }) => {
    const facts = { plugin, hook, tool };
    if (type === 'denied') {
      log.info(facts, `a plugin ${mode === 'enforce' ? 'denied' : 'would have denied'} a call: ${message}`);
    } else if (type === 'failed') {
      log.error({ ...facts, err: cause, onError }, `a plugin failed: ${message}`);
    } else {
      const key = `${plugin} ${tool}`;
      if (said.has(key) || said.size >= MAX_SAID) return;
      said.add(key);
      log.warn(facts, `headers of a plugin are not sent: ${message}`);
    }
  };
}
