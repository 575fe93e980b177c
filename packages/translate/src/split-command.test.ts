import { expect, it } from 'vitest';
import { CommandLineError, splitCommand } from './split-command.ts';

it.each([
  ['uvx mcp-server-git', ['uvx', 'mcp-server-git']],
  ['  a \t b\n', ['a', 'b']],
  [`a "b c" 'd "e"' f`, ['a', 'b c', 'd "e"', 'f']],
  [`a --x="b c"d`, ['a', '--x=b cd']],
  [`a "" ''`, ['a', '', '']],
  [String.raw`a b\ c \"d\" "e \"f\" \\" \n`, ['a', 'b c', '"d"', 'e "f" \\', '\\n']],
  [String.raw`a 'b\'`, ['a', 'b\\']],
  ['a $HOME *.txt ~ "|" b|c', ['a', '$HOME', '*.txt', '~', '|', 'b|c']],
  ['', []],
])('%j has the words %j', (line, words) => {
  expect(splitCommand(line, 'linux')).toEqual(words);
});

it('leaves the backslashes of Windows paths alone', () => {
  const line = String.raw`C:\tools\node.exe "C:\my server\index.js" --say \"hi\"`;
  expect(splitCommand(line, 'win32')).toEqual([
    String.raw`C:\tools\node.exe`,
    String.raw`C:\my server\index.js`,
    '--say',
    '"hi"',
  ]);
});

it('refuses what is not a command line without a shell', () => {
  expect(() => splitCommand('a "b')).toThrow(new CommandLineError('The quote " is never closed in: a "b'));
  expect(() => splitCommand('a && b')).toThrow('"&&" is for a shell');
});
