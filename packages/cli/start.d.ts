/**
 * Starts a command, or says which Node it needs.
 *
 * @param name as in messages
 * @param minimum major and minor version of Node
 * @param load imports the command
 */
export function start(
  name: string,
  minimum: readonly [major: number, minor: number],
  load: () => Promise<unknown>,
): Promise<void>;
