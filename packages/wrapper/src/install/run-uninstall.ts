/** @module `forge-wrapper uninstall`: takes a server out of a desktop client's configuration. */
import { type Command, runCommand, UsageError } from '@forge/cli';
import { applyChange } from './change.ts';
import { type ClientName, clientConfig } from './clients.ts';
import { clientFlags } from './flags.ts';

const command = {
  name: 'forge-wrapper uninstall',
  summary: 'Takes a server out of the configuration of a desktop client. Shows the change first, keeps a backup.',
  flags: clientFlags,
  examples: [['What install wrote', 'forge-wrapper uninstall --client claude-desktop --name example']],
} as const satisfies Command;

/** Runs the command. */
export function run(argv: readonly string[]): Promise<number> {
  return runCommand(command, argv, async (values) => {
    const { client, name } = values;
    if (client === undefined || name === undefined)
      throw new UsageError('Which server of which client? Give --client and --name.');
    const { dryRun, yes } = { dryRun: values['dry-run'] === true, yes: values.yes === true };
    return applyChange({ client: clientConfig(client as ClientName), name, block: undefined, dryRun, yes });
  });
}
