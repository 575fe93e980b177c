/** @module Help texts, made from the same declaration that parses. */
import type { Command, Flag } from './flags.ts';

/** The text of `--help`; ends with a line feed. Flags without a group come last, with `--help`. */
export function helpText(command: Command): string {
  const flags = Object.entries(command.flags).map(([name, flag]) => ({ usage: usage(name, flag), ...flag }));
  const width = Math.max(...flags.map((flag) => flag.usage.length), HELP.usage.length);
  const row = (flag: Row): string => `  ${flag.usage.padEnd(width)}  ${flag.help}`;
  const groups = new Set(flags.flatMap(({ group }) => group ?? []));
  return [
    command.summary,
    '',
    `Usage: ${[command.name, ...(command.operands ?? [])].join(' ')} [flags]${command.rest === undefined ? '' : ` [-- ${command.rest}]`}`,
    '',
    ...[...groups].flatMap((group) => [`${group}:`, ...flags.filter((flag) => flag.group === group).map(row), '']),
    ...flags.filter(({ group }) => group === undefined).map(row),
    row(HELP),
    '',
    'Examples:',
    ...command.examples.map(([explanation, line]) => `  # ${explanation}\n  ${line}`),
    '',
  ].join('\n');
}

interface Row {
  readonly usage: string;
  readonly help: string;
}

const HELP: Row = { usage: '-h, --help', help: 'Show this help.' };

function usage(name: string, flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  if (flag.type === 'boolean') return `${short}--${name}`;
  return `${short}--${name} ${flag.value ?? (flag.type === 'integer' ? 'N' : 'TEXT')}${flag.many === true ? '...' : ''}`;
}
