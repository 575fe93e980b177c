/** @module Flags of `install` and `uninstall`. */
import type { Flags } from '@forge/cli';
import { CLIENTS } from './clients.ts';

/** Which client, and what its server is called. */
export const clientFlags = {
  client: { group: 'Client', type: 'string', value: 'NAME', choices: CLIENTS, help: `${CLIENTS.join(', ')}.` },
  name: {
    group: 'Client',
    type: 'string',
    value: 'NAME',
    help: 'What the client calls the server. Default: from the URL.',
  },
  'dry-run': { group: 'Client', type: 'boolean', help: 'Show the change, write nothing.' },
  yes: { group: 'Client', type: 'boolean', short: 'y', help: 'Do not ask.' },
} as const satisfies Flags;
