/** @module Command-line flags: declared once, parsed strictly, typed. */
import { parseArgs } from 'node:util';
import { didYouMean } from './nearest.ts';

/** One flag of a command. Its name is its key in {@link Flags}, without `--`. */
export interface Flag {
  readonly type: 'string' | 'integer' | 'boolean';
  /** One letter: `p` for `-p`. */
  readonly short?: string;
  /** Takes several values, `--cors A B` or `--cors A --cors B`. Strings only. */
  readonly many?: boolean;
  /** Stands for the value in the help text. @default the type */
  readonly value?: string;
  /** One line for the help text, default included. */
  readonly help: string;
  /** Heading under which the help text lists it, with others of the same. */
  readonly group?: string;
  /** Allowed values. */
  readonly choices?: readonly string[];
  /** Least and greatest integer. */
  readonly range?: readonly [number, number];
}

/** Flags by name. */
export type Flags = Readonly<Record<string, Flag>>;

/** What the command line gave, by flag name; absent flags are absent. */
export type FlagValues<F extends Flags> = {
  readonly [Name in keyof F]?: F[Name] extends { many: true }
    ? readonly string[]
    : F[Name]['type'] extends 'integer'
      ? number
      : F[Name]['type'] extends 'boolean'
        ? boolean
        : string;
};

/** A command that can be parsed and explained. */
export interface Command<F extends Flags = Flags> {
  /** As it is typed: `forge-gateway token`. */
  readonly name: string;
  /** One sentence. */
  readonly summary: string;
  readonly flags: F;
  /** What must stand before all flags, one word each, for the help text: `['FILE|URL']`. */
  readonly operands?: readonly string[];
  /** What may follow `--`, for the help text; absent: nothing may. */
  readonly rest?: string;
  /** Whole command lines, each with one explaining line in front. */
  readonly examples: readonly (readonly [explanation: string, line: string])[];
}

/** A parsed command line. */
export interface Parsed<F extends Flags> {
  readonly values: FlagValues<F>;
  /** `--help` or `-h` was given: nothing else counts then. */
  readonly help: boolean;
  /** What followed `--`. */
  readonly rest: readonly string[];
  /** The words before all flags, as many as the command wants. */
  readonly operands: readonly string[];
}

/** A command line that cannot be used; its message is for the person who typed it. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

const HELP: Flag = { type: 'boolean', short: 'h', help: 'Show this help.' };

/**
 * Parses what follows a command's name.
 *
 * @throws UsageError for an unknown flag (with the nearest known one), a missing, surplus or invalid value or operand.
 */
export function parseFlags<F extends Flags>(command: Command<F>, argv: readonly string[]): Parsed<F> {
  const flags: Flags = { ...command.flags, help: HELP };
  const wanted = command.operands ?? [];
  const first = argv.findIndex((word) => word.startsWith('-'));
  const operands = argv.slice(0, Math.min(wanted.length, first < 0 ? argv.length : first));
  const end = command.rest === undefined ? -1 : argv.indexOf('--');
  const { tokens } = parseArgs({
    args: argv.slice(operands.length, end < 0 ? argv.length : end),
    options: Object.fromEntries(Object.entries(flags).map(([name, flag]) => [name, option(flag)])),
    strict: false,
    tokens: true,
  });
  const values: Record<string, unknown> = {};
  let taking: string | undefined; // the flag of many values that bare words belong to
  for (const token of tokens) {
    if (token.kind === 'option') {
      const value = valueOf(flags, token);
      const many = flags[token.name]?.many === true;
      values[token.name] = many ? [...((values[token.name] as string[] | undefined) ?? []), value] : value;
      taking = many ? token.name : undefined;
    } else if (token.kind === 'positional' && taking !== undefined) {
      (values[taking] as string[]).push(token.value);
    } else {
      const word = token.kind === 'positional' ? token.value : '--';
      throw new UsageError(`${command.name} does not take "${word}".`);
    }
  }
  const { help, ...given } = values;
  const missing = wanted[operands.length];
  if (missing !== undefined && help !== true)
    throw new UsageError(`${missing} is missing; it stands before all flags.`);
  return { values: given as FlagValues<F>, help: help === true, rest: end < 0 ? [] : argv.slice(end + 1), operands };
}

function option(flag: Flag): { type: 'string' | 'boolean'; short?: string } {
  const type = flag.type === 'boolean' ? 'boolean' : 'string';
  return flag.short === undefined ? { type } : { type, short: flag.short };
}

interface OptionToken {
  readonly name: string;
  readonly rawName: string;
  readonly value?: string | undefined;
  readonly inlineValue?: boolean | undefined;
}

function valueOf(flags: Flags, { name, rawName, value, inlineValue }: OptionToken): string | number | boolean {
  const flag = Object.hasOwn(flags, name) ? flags[name] : undefined;
  if (flag === undefined) {
    const known = Object.keys(flags).map((known) => `--${known}`);
    throw new UsageError(`There is no flag ${rawName}.${didYouMean(rawName, known)}`);
  }
  if (flag.type === 'boolean') {
    if (value === undefined) return true;
    throw new UsageError(`${rawName} takes no value.`);
  }
  if (value === undefined || value === '') throw new UsageError(`${rawName} needs a value.`);
  if (inlineValue !== true && /^-\D/.test(value))
    throw new UsageError(
      `${rawName} needs a value but is followed by ${value}. Write ${rawName}=${value} if you mean that.`,
    );
  if (flag.choices !== undefined && !flag.choices.includes(value))
    throw new UsageError(`${rawName} must be one of ${flag.choices.join(', ')}, not "${value}".`);
  return flag.type === 'integer' ? integer(rawName, flag, value) : value;
}

function integer(rawName: string, flag: Flag, value: string): number {
  const [least, greatest] = flag.range ?? [0, Number.MAX_SAFE_INTEGER];
  const number = /^-?\d+$/.test(value) ? Number(value) : NaN;
  if (number >= least && number <= greatest) return number;
  const bound = greatest === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${greatest}`;
  throw new UsageError(`${rawName} must be a whole number ${bound}, not "${value}".`);
}
