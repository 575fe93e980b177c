/** @module Settings: where the gateway keeps what it knows. */
import { z } from 'zod';
import { secret } from './fields.ts';

/** Settings of the data directory and the database. */
export const storageSettings = {
  FORGE_DATA_DIR: z
    .string()
    .default('./data')
    .describe('Directory of the SQLite database and the generated secrets. Created with access for its owner only.'),
  DATABASE_URL: secret()
    .optional()
    .meta({ example: 'sqlite:///./data/forge.db', fallback: 'forge.db in the data directory' })
    .describe('Database, as sqlite:///PATH.'),
};
