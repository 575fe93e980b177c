/** @module `DATABASE_URL`, in the forms that users of ContextForge know. */
import { ForgeError } from '@forge/core';
import type { SqlDialect } from './dialects/dialect.ts';
import { sqlite } from './dialects/sqlite/dialect.ts';

const ACCEPTED =
  'sqlite:///./mcp.db (relative), sqlite:////data/mcp.db (absolute), sqlite:///:memory: (nothing is kept)';

/**
 * Reads a database's URL.
 *
 * @throws ForgeError `validation_failed`, naming what is accepted. The URL, which may have a password, is not repeated.
 * @example
 * parseDatabaseUrl('sqlite:///./mcp.db').location; // './mcp.db'
 */
export function parseDatabaseUrl(url: string): SqlDialect {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*):(.*)$/is.exec(url.trim()) ?? [];
  if (scheme.toLowerCase() !== 'sqlite') {
    throw refused(scheme === '' ? 'This is not a database URL' : `"${scheme}" databases are not supported`);
  }
  if (!rest.startsWith('///')) throw refused('A sqlite URL has three slashes and a path');
  const path = rest.slice(3);
  if (path === '' || path.endsWith('/')) throw refused('The sqlite URL names no file');
  if (/[?#]/.test(path)) throw refused('A sqlite URL takes no parameters');
  if (path.includes('\0')) throw refused('The path has a character that no file name can have');
  return sqlite({ path });
}

function refused(why: string): ForgeError {
  return new ForgeError('validation_failed', `${why}. Accepted: ${ACCEPTED}`);
}
