/** @module `${...}` in the files of MCP clients. */

/** What places stand for. */
export interface Variables {
  environment(name: string): string | undefined;
  /** The folder that the file configures. */
  readonly workspaceFolder: string;
  readonly userHome: string;
}

/** A place that nothing can be put in; the message is for the author of the file. */
export class VariableError extends Error {
  override readonly name = 'VariableError';
}

/**
 * Fills in `${NAME}`, `${NAME:-default}` and `${env:NAME}` from the environment, `${workspaceFolder}` and `${userHome}`.
 *
 * @throws VariableError for a variable that is not set, and for what only an editor can answer.
 */
export function expand(text: string, variables: Variables): string {
  return text.replaceAll(/\$\{([^}]*)\}/g, (whole, inside: string) => {
    if (inside === 'workspaceFolder') return variables.workspaceFolder;
    if (inside === 'userHome') return variables.userHome;
    const [, name, fallback] = /^(?:env:)?([A-Za-z_]\w*)(?::-(.*))?$/.exec(inside) ?? [];
    if (name === undefined) {
      const hint = inside.startsWith('input:') ? 'nobody can be asked for input; use ${NAME} and set it' : 'unknown';
      throw new VariableError(`${whole}: ${hint}`);
    }
    const value = variables.environment(name) ?? fallback;
    if (value === undefined) throw new VariableError(`\${${name}} is not set`);
    return value;
  });
}
