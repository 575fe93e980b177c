/** @module Variables of the environment in what is configured of a plugin: `${NAME}`, and `{{ env.NAME }}` as ContextForge has it. */

const PLACE =
  /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}|\{\{\s*env\.(\w+)\s*(?:\|\s*default\(\s*(?:"([^"]*)"|'([^']*)')\s*\)\s*)?\}\}/g;

/** One text that cannot be filled in. */
export interface Unfilled {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/** The value with every text filled in. What cannot be is told to `onProblem`, and stays. */
export function fillIn(
  value: unknown,
  variable: (name: string) => string | undefined,
  onProblem: (problem: Unfilled) => void,
  path: readonly PropertyKey[] = [],
): unknown {
  if (Array.isArray(value)) return value.map((one, index) => fillIn(one, variable, onProblem, [...path, index]));
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value);
    return Object.fromEntries(entries.map(([key, one]) => [key, fillIn(one, variable, onProblem, [...path, key])]));
  }
  if (typeof value !== 'string') return value;
  const filled = value.replaceAll(
    PLACE,
    (whole, plain?: string, fallback?: string, templated?: string, double?: string, single?: string) => {
      const name = plain ?? templated ?? '';
      const found = variable(name) ?? fallback ?? double ?? single;
      if (found === undefined) onProblem({ path, message: `\${${name}} is not set` });
      return found ?? whole;
    },
  );
  // What a variable holds is no template.
  if (/\{\{\s*env\b/.test(value.replaceAll(PLACE, ''))) {
    onProblem({ path, message: 'has a template that is not known here: use ${NAME} or ${NAME:-default}' });
  }
  return filled;
}
