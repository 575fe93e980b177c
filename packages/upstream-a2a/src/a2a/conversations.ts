/**
 * @module Conversations with agents under handles of Forge's own: to an agent all our callers are one, so a caller gets
 * its context and its task sealed, and nobody else can go on with them.
 */
import type { Sealer } from '@forge/core';
import { ForgeError } from '@forge/protocol';
import { SyncSeal } from '../sync-seal.ts';
import type { Conversation } from './outgoing-message.ts';

/** Characters of a handle. */
const MAX_HANDLE = 8192;

/** The handles of one upstream. */
export interface Conversations {
  seal(conversation: Conversation, callerId: string): Promise<string>;
  /** @throws ForgeError `invalid_params` for what was not sealed here for this caller */
  open(handle: unknown, callerId: string): Promise<Conversation>;
}

/** Handles that are good at one upstream, in every process that has the sealer's secret. */
export function createConversations(sealer: Sealer, upstreamId: string): Conversations {
  const contextOf = (callerId: string): string => JSON.stringify(['a2a', upstreamId, callerId]);
  let made: SyncSeal | undefined;
  const seal = async (): Promise<SyncSeal> => (made ??= new SyncSeal(await sealer.derive('a2a-conversations')));
  return {
    async seal({ contextId, taskId }, callerId) {
      return (made ?? (await seal())).seal(JSON.stringify([contextId, taskId]), contextOf(callerId));
    },
    async open(handle, callerId) {
      const isHandle = typeof handle === 'string' && handle.length <= MAX_HANDLE;
      const opened = isHandle ? (await seal()).unseal(handle, contextOf(callerId)) : undefined;
      if (opened === undefined) {
        throw new ForgeError(
          'invalid_params',
          'contextId: must be that of an earlier result of this agent, given to you',
        );
      }
      const [contextId, taskId] = JSON.parse(opened) as [string, string];
      return { contextId, taskId };
    },
  };
}
