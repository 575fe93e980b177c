/** @module Clients of both eras under one face: they list, call, and hear of changes. */
import { ToolListChangedNotificationSchema } from '@modelcontextprotocol/sdk/types.js';
import type { Scope } from '../harness/scope.ts';
import { namesOf, textOf } from './connect.ts';
import { connectLegacy } from './legacy-client.ts';
import { connectModern } from './modern-client.ts';

/** A connected client, which stays connected. */
export interface Peer {
  readonly era: 'modern' | 'legacy';
  /** Names of the tools, asked for anew. */
  list(): Promise<string[]>;
  /** The text that a tool answers. */
  call(name: string, args?: Record<string, unknown>): Promise<string>;
  /** How often it was told that the tools have changed. */
  readonly changes: number;
  /** Modern: how its subscription ended, once it has. */
  readonly subscriptionEnded?: Promise<'local' | 'graceful' | 'remote'>;
}

/** One client of each era at the same endpoint. */
export async function connectPeers(scope: Scope, url: string, token: string): Promise<Peer[]> {
  return Promise.all([legacyPeer(scope, url, token), modernPeer(scope, url, token)]);
}

/** v1; hears of changes by the GET stream of its session. */
async function legacyPeer(scope: Scope, url: string, token: string): Promise<Peer> {
  let changes = 0;
  const client = await connectLegacy(scope, { url, token }, (prepared) => {
    prepared.setNotificationHandler(ToolListChangedNotificationSchema, () => void (changes += 1));
  });
  return {
    era: 'legacy',
    list: async () => namesOf(await client.listTools()),
    call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
    get changes() {
      return changes;
    },
  };
}

/** v2; hears of changes by `subscriptions/listen`. */
async function modernPeer(scope: Scope, url: string, token: string): Promise<Peer> {
  let changes = 0;
  const client = await connectModern(scope, { url, token }, (prepared) => {
    prepared.setNotificationHandler('notifications/tools/list_changed', () => void (changes += 1));
  });
  const subscription = await client.listen({ toolsListChanged: true });
  return {
    era: 'modern',
    list: async () => namesOf(await client.listTools({}, { cacheMode: 'refresh' })),
    call: async (name, args = {}) => textOf(await client.callTool({ name, arguments: args })),
    get changes() {
      return changes;
    },
    subscriptionEnded: subscription.closed,
  };
}
