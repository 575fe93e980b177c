/** @module Help texts, made from the same declaration that parses. */
import type { Command, Flag } from './flags.ts';

/** The text of `--help`; ends with a line feed. */
export function helpText(command: Command): string {
  const rows = [
    ...Object.entries(command.flags).map(([name, flag]) => [usage(name, flag), flag.help] as const),
    ['-h, --help', 'Show this help.'] as const,
  ];
  const width = Math.max(...rows.map(([left]) => left.length));
  return [
    command.summary,
    '',
    `Usage: ${command.name} [flags]${command.rest === undefined ? '' : ` [-- ${command.rest}]`}`,
    '',
    ...rows.map(([left, help]) => `  ${left.padEnd(width)}  ${help}`),
    '',
    'Examples:',
    ...command.examples.map(([explanation, line]) => `  # ${explanation}\n  ${line}`),
    '',
  ].join('\n');
}

function usage(name: string, flag: Flag): string {
  const short = flag.short === undefined ? '    ' : `-${flag.short}, `;
  if (flag.type === 'boolean') return `${short}--${name}`;
  return `${short}--${name} ${flag.value ?? (flag.type === 'integer' ? 'N' : 'TEXT')}${flag.many === true ? '...' : ''}`;
}
