/** @module Splits a command line into words, as a shell would, without being one. */

/** A command line that cannot be split; the message is for whoever typed it. */
export class CommandLineError extends Error {
  override readonly name = 'CommandLineError';
}

const OPERATORS = new Set(['|', '||', '&', '&&', ';', '>', '>>', '<']);

/**
 * Words are separated by blanks. `'...'` is literal, `"..."` keeps blanks. A backslash takes the meaning off a blank, a
 * quote or a backslash behind it; on Windows only off a double quote, for it stands in every path there. Nothing else is
 * special: no variable, no wildcard.
 *
 * @throws CommandLineError when a quote is not closed, or a word is an operator that only a shell understands.
 *
 * @example
 * splitCommand(`uvx mcp-server-git --repository "/my repo"`); // ['uvx', 'mcp-server-git', '--repository', '/my repo']
 */
export function splitCommand(line: string, platform: NodeJS.Platform = process.platform): string[] {
  const escapable = platform === 'win32' ? '"' : `"'\\ \t`;
  const words: string[] = [];
  let word: string | undefined; // undefined between words, '' in an empty quoted one
  let quoted = false;
  let quote: string | undefined;
  const finish = () => {
    if (word === undefined) return;
    if (!quoted && OPERATORS.has(word))
      throw new CommandLineError(`"${word}" is for a shell, and none is used. Start one if you need it: sh -c '...'`);
    words.push(word);
    [word, quoted] = [undefined, false];
  };
  for (let at = 0; at < line.length; at += 1) {
    const char = line.charAt(at);
    const next = line.charAt(at + 1);
    if (char === '\\' && quote !== "'" && next !== '' && escapable.includes(next)) {
      word = (word ?? '') + next;
      at += 1;
    } else if (char === quote) quote = undefined;
    else if (quote === undefined && (char === '"' || char === "'")) {
      quote = char;
      quoted = true;
      word ??= '';
    } else if (quote === undefined && /\s/.test(char)) finish();
    else word = (word ?? '') + char;
  }
  if (quote !== undefined) throw new CommandLineError(`The quote ${quote} is never closed in: ${line}`);
  finish();
  return words;
}
