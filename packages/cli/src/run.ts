/** @module Runs one command from its arguments to its exit code. */
import { type Command, type Flags, type FlagValues, parseFlags, UsageError } from './flags.ts';
import { helpText } from './help.ts';

/**
 * Parses `argv` and runs `action`, or prints the help text. What the person typed wrongly is said on standard error.
 *
 * @returns the exit code: the action's, 0 after help, 2 for a command line that cannot be used.
 */
export async function runCommand<F extends Flags>(
  command: Command<F>,
  argv: readonly string[],
  action: (values: FlagValues<F>, rest: readonly string[], operands: readonly string[]) => Promise<number>,
): Promise<number> {
  try {
    const { values, help, rest, operands } = parseFlags(command, argv);
    if (!help) return await action(values, rest, operands);
    process.stdout.write(helpText(command));
    return 0;
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`${command.name}: ${error.message}\nSee ${command.name} --help.\n`);
    return 2;
  }
}
