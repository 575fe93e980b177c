/** @module Loads an `mcpServers` file from the disk. */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, resolve } from 'node:path';
import { environmentVariable } from '../config/environment.ts';
import { ConfigError } from '../config/load.ts';
import { type McpServersFile, readMcpServers } from './read.ts';

/** @throws ConfigError when the file cannot be read. */
export function loadMcpServers(path: string): McpServersFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError([`${path} cannot be read: ${code === 'ENOENT' ? 'it does not exist' : message}`]);
  }
  return readMcpServers(path, text, {
    environment: environmentVariable,
    workspaceFolder: workspaceOf(path),
    userHome: homedir(),
  });
}

/** The folder of the file, or the one above where an editor keeps its files in a folder of its own. */
function workspaceOf(path: string): string {
  const folder = dirname(resolve(path));
  return ['.vscode', '.cursor'].includes(basename(folder)) ? dirname(folder) : folder;
}
