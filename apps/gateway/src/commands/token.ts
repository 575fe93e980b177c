/** @module `forge-gateway token`: prints a token for the API and for MCP clients. */
import { type Command, runCommand } from '@forge/cli';
import { readSettings } from '../config/environment.ts';
import { makeToken } from '../make-token.ts';
import { settingsOf, sourceFlags } from './setting-flags.ts';

const ONE_WEEK = 10_080;

const command = {
  name: 'forge-gateway token',
  summary: 'Prints a token for the API and for MCP clients, and nothing else, on standard output.',
  flags: {
    username: {
      type: 'string',
      short: 'u',
      value: 'EMAIL',
      help: 'Whose token it is. Default: the first administrator.',
    },
    exp: {
      type: 'integer',
      short: 'e',
      value: 'MINUTES',
      help: 'How long it is good for; 0: for ever. Default 10080, a week.',
    },
    server: { type: 'string', value: 'ID', help: 'Open this virtual server only.' },
    secret: { type: 'string', short: 's', value: 'KEY', help: 'Sign with KEY instead of JWT_SECRET_KEY.' },
    ...sourceFlags,
  },
  examples: [
    ['For a week, as the first administrator', 'export TOKEN=$(forge-gateway token)'],
    ['For an hour, for one virtual server', 'forge-gateway token -u ada@example.com -e 60 --server 3f2a'],
  ],
} as const satisfies Command;

/** Exit code 0 after the token was printed. */
export function run(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async ({ username, exp = ONE_WEEK, server, secret, ...values }) => {
    const flags = { ...settingsOf(values), ...(secret === undefined ? {} : { JWT_SECRET_KEY: secret }) };
    const { settings } = readSettings(flags, values['env-file']);
    if (exp === 0) {
      const refused = settings.REQUIRE_TOKEN_EXPIRATION ? ' It is refused while REQUIRE_TOKEN_EXPIRATION is true.' : '';
      process.stderr.write(`warning: this token never expires.${refused}\n`);
    }
    const token = await makeToken(settings, { username, minutes: exp, serverId: server });
    process.stdout.write(`${token}\n`);
    return 0;
  });
}
