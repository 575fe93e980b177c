/** @module PEM files that settings name. */
import { readFileSync } from 'node:fs';
import { ConfigError } from './config/load.ts';

/** The text of the file that a setting names. @throws ConfigError naming the setting */
export function readKeyFile(setting: string, path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new ConfigError([`${setting}: ${path} cannot be read: ${(error as Error).message}`]);
  }
}
