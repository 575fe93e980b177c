/** @module Loads an `mcpServers` file from the disk. */
import { readFileSync } from 'node:fs';
import { type McpServersFile, readMcpServers, variablesFor } from '@forge/cli';
import { environmentVariable } from '../config/environment.ts';
import { ConfigError } from '../config/load.ts';

/** @throws ConfigError when the file cannot be read. */
export function loadMcpServers(path: string): McpServersFile {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new ConfigError([`${path} cannot be read: ${code === 'ENOENT' ? 'it does not exist' : message}`]);
  }
  return readMcpServers(path, text, variablesFor(path, environmentVariable));
}
