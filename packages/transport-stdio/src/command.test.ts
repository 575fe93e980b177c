import { describe, expect, it } from 'vitest';
import { resolveCommand } from './command.ts';

const NPM_SHIM = `@ECHO off
IF EXIST "%dp0%\\node.exe" (
  SET "_prog=%dp0%\\node.exe"
) ELSE (
  SET "_prog=node"
)
endLocal & goto #_undefined_# 2>NUL || title %COMSPEC% & "%_prog%"  "%dp0%\\node_modules\\some-server\\cli.js" %*`;

const FILES: Record<string, string> = {
  'C:\\nodejs\\node.exe': '',
  'C:\\nodejs\\npx.cmd': '@ECHO OFF',
  'C:\\nodejs\\node_modules\\npm\\bin\\npx-cli.js': '',
  'C:\\tools\\uvx.exe': '',
  'C:\\npm\\some-server.cmd': NPM_SHIM,
  'C:\\tools\\other.bat': '@echo off',
  'C:\\work\\here.exe': '',
};

const windows = {
  platform: 'win32' as const,
  env: { Path: 'C:\\nodejs;C:\\tools;C:\\npm', PATHEXT: '.COM;.EXE;.BAT;.CMD', SystemRoot: 'C:\\Windows' },
  cwd: 'C:\\work',
  read: (path: string) => FILES[path],
};

it('leaves the search to the system on POSIX', () => {
  const found = resolveCommand('npx', ['a & b'], { platform: 'linux', env: {} });
  expect(found).toEqual({ file: 'npx', args: ['a & b'] });
});

describe('on Windows', () => {
  it('finds programs by PATH and PATHEXT', () => {
    expect(resolveCommand('uvx', ['mcp-server-git'], windows)).toEqual({
      file: 'C:\\tools\\uvx.exe',
      args: ['mcp-server-git'],
    });
    expect(resolveCommand('.\\here.exe', [], windows).file).toBe('C:\\work\\here.exe');
  });

  it('runs npx by Node itself, so that no argument passes cmd.exe', () => {
    expect(resolveCommand('npx', ['-y', 'server', 'x" & calc & "'], windows)).toEqual({
      file: 'C:\\nodejs\\node.exe',
      args: ['C:\\nodejs\\node_modules\\npm\\bin\\npx-cli.js', '-y', 'server', 'x" & calc & "'],
    });
  });

  it('runs the script behind a batch file that npm made', () => {
    expect(resolveCommand('some-server', ['postgres://db?a=1&b=%PATH%'], windows)).toEqual({
      file: process.execPath,
      args: ['C:\\npm\\node_modules\\some-server\\cli.js', 'postgres://db?a=1&b=%PATH%'],
    });
  });

  it('gives any other batch file plain arguments, quoted', () => {
    expect(resolveCommand('other', ['--root', 'C:\\My Files'], windows)).toEqual({
      file: 'C:\\Windows\\System32\\cmd.exe',
      args: ['/d', '/s', '/c', '""C:\\tools\\other.bat" "--root" "C:\\My Files""'],
      verbatim: true,
    });
  });

  it.each(['a"b', 'a&b', '%PATH%', 'a|b', 'a>b', 'a<b', 'a^b', '!x!', 'a\nb', 'C:\\'])(
    'refuses the argument %j for a batch file',
    (argument) => {
      expect(() => resolveCommand('other', ['ok', argument], windows)).toThrow(/argument 2 has characters/);
    },
  );

  it('does not run a bare name from the working directory', () => {
    expect(() => resolveCommand('here', [], windows)).toThrow('Cannot start "here": no such program on PATH');
  });
});
