import { expect, it } from 'vitest';
import { parseDatabaseUrl } from './database-url.ts';

it.each([
  ['sqlite:///./mcp.db', './mcp.db'],
  ['sqlite:///mcp.db', 'mcp.db'],
  ['sqlite:///data/with space ü.db', 'data/with space ü.db'],
  ['sqlite:////data/mcp.db', '/data/mcp.db'],
  ['sqlite:///C:/data/mcp.db', 'C:/data/mcp.db'],
  ['SQLite:///:memory:', ':memory:'],
  ['  sqlite:///./mcp.db\n', './mcp.db'],
])('%s names %s', (url, path) => {
  expect(parseDatabaseUrl(url)).toMatchObject({ name: 'sqlite', location: path });
});

it.each([
  'postgresql+psycopg://user:hunter2@host/db',
  'mysql://user:hunter2@host/db',
  'sqlite3:///hunter2.db',
  'sqlite://hunter2.db',
  'sqlite:hunter2.db',
  'sqlite:///',
  'sqlite:///hunter2/',
  'sqlite:///./hunter2.db?mode=ro',
  'sqlite:///hunter2\0.db',
  './hunter2.db',
  '',
])('%j is refused with a sentence that names what is accepted and repeats no secret', (url) => {
  const error = refusal(url);
  expect(error).toMatchObject({ code: 'validation_failed' });
  expect(error?.message).toContain('sqlite:///./mcp.db');
  expect(error?.message).not.toContain('hunter2');
});

function refusal(url: string): Error | undefined {
  try {
    parseDatabaseUrl(url);
    return undefined;
  } catch (error) {
    return error as Error;
  }
}
