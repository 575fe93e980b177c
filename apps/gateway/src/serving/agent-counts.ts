/** @module What is counted of agents: their calls, and the tokens that models behind them used. */
import type { AgentCallbacks } from '@forge/api';
import type { Forge, Metrics, UsageCounts, UsageMeter } from '@forge/core';
import { sumOf, totals } from './call-totals.ts';

type AgentTotals = ReturnType<AgentCallbacks['metrics']>;

/** Counters of agents, in the terms of the REST API. */
export interface AgentCounts {
  /** Of one agent, by its tools. */
  readonly of: AgentCallbacks['metrics'];
  /** Of all that there are now. */
  ofAgents(snapshot: Forge['catalog']['snapshot']): AgentTotals;
}

/** Reads the counters; they go on counting. */
export function agentCounts(metrics: Metrics, usage: UsageMeter): AgentCounts {
  const together = (upstreamIds: readonly string[], toolIds: readonly string[]): AgentTotals => {
    const [calls, tokens] = [metrics.byItem(), usage.byUpstream()];
    const counted = upstreamIds.flatMap((id) => tokens.get(id) ?? []);
    const sum = (field: 'inputTokens' | 'outputTokens') =>
      counted.reduce((total, one: UsageCounts) => total + one[field], 0);
    const stats = toolIds.flatMap((id) => calls.get(id) ?? []);
    return { ...totals(sumOf(stats)), inputTokens: sum('inputTokens'), outputTokens: sum('outputTokens') };
  };
  return {
    of: (upstreamId, toolIds) => together([upstreamId], toolIds),
    ofAgents({ upstreams, tools }) {
      const ids = new Set([...upstreams.values()].filter((row) => row.transport === 'a2a').map((row) => row.id));
      const theirs = tools.filter(({ upstreamId }) => upstreamId !== undefined && ids.has(upstreamId));
      return together(
        [...ids],
        theirs.map(({ id }) => id),
      );
    },
  };
}
