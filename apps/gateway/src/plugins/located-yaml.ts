/** @module YAML whose every value is known by its place, so that what is wrong is told with file, line and column. */
import { didYouMean } from '@forge/cli';
import { isMap, isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { ConfigError } from '../config/load.ts';

/** Where a value stands: keys and indices from the top. */
export type Path = readonly PropertyKey[];

/** A YAML file that was read. */
export interface LocatedYaml {
  readonly value: unknown;
  /** `config.yaml:3:5: plugins[0].kind: message`. */
  problem(path: Path, message: string): string;
  /** One problem for each issue; unknown keys with the nearest that the schema knows. */
  problems(issues: readonly z.core.$ZodIssue[], schema: z.ZodType, under?: Path): string[];
}

/** @throws ConfigError for what is no YAML, or has a key twice */
export function locateYaml(file: string, text: string): LocatedYaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, stringKeys: true });
  const at = (offset: number): string => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ConfigError(document.errors.map(({ pos, message }) => `${at(pos[0])}: ${message}`));
  }

  /** The offset of a value, or of what stands around it where there is none. */
  function offsetOf(path: Path): number {
    for (let length = path.length; length >= 0; length -= 1) {
      const node = length === 0 ? document.contents : document.getIn(path.slice(0, length), true);
      if (isNode(node) && node.range) return node.range[0];
    }
    return 0;
  }

  function keyOffset(path: Path, key: string): number {
    const parent = path.length === 0 ? document.contents : document.getIn(path, true);
    const pair = isMap(parent) ? parent.items.find((item) => String(item.key) === key) : undefined;
    return isNode(pair?.key) && pair.key.range ? pair.key.range[0] : offsetOf(path);
  }

  const problem = (path: Path, message: string, offset = offsetOf(path)): string =>
    `${at(offset)}: ${path.length === 0 ? '' : `${pathText(path)}: `}${message}`;

  return {
    get value() {
      return document.toJS({ maxAliasCount: 100 }) as unknown;
    },
    problem: (path, message) => problem(path, message),
    problems: (issues, schema, under = []) =>
      issues.flatMap((issue) => {
        const path = [...under, ...issue.path];
        if (issue.code !== 'unrecognized_keys') return [problem(path, issue.message)];
        const known = keysAt(schema, issue.path);
        return issue.keys.map((key) =>
          problem([...path, key], `is not known here.${didYouMean(key, known)}`, keyOffset(path, key)),
        );
      }),
  };
}

function pathText(path: Path): string {
  return path
    .map((step, index) => (typeof step === 'number' ? `[${step}]` : `${index === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

/** What a schema's definition has, as far as it is looked at here. */
interface Definition {
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly element?: z.ZodType;
  readonly innerType?: z.ZodType;
  readonly in?: z.ZodType;
  readonly valueType?: z.ZodType;
}

/** The keys that a schema knows at a place. */
function keysAt(schema: z.ZodType, path: Path): readonly string[] {
  const { shape, element, innerType, in: from, valueType } = schema.def as Definition;
  const inner = innerType ?? from;
  if (inner !== undefined) return keysAt(inner, path);
  const [step, ...rest] = path;
  if (step === undefined) return Object.keys(shape ?? {});
  const next = shape?.[String(step)] ?? element ?? valueType;
  return next === undefined ? [] : keysAt(next, rest);
}
