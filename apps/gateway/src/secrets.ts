/** @module The data directory and the keys that are generated in it, once. */
import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { ConfigError } from './config/load.ts';
import type { Settings } from './config/schema.ts';
import { Secret } from './config/secret.ts';

/** The keys of a gateway. */
export interface Secrets {
  readonly jwtSecretKey: Secret;
  readonly authEncryptionSecret: Secret;
}

const OWNER_ONLY = 0o600;
const key = z
  .string()
  .min(32)
  .transform((text) => new Secret(text));
const fileSchema = z.object({ jwtSecretKey: key, authEncryptionSecret: key });

/**
 * The keys of a gateway: those that are set, else those of its data directory. The first caller generates directory and
 * keys, for its owner only. Processes that start together get the same keys.
 *
 * @throws ConfigError when the directory cannot be written or its `secrets.json` is damaged: what is sealed with lost keys
 * is lost, so they are never replaced silently.
 */
export function loadSecrets(
  settings: Pick<Settings, 'FORGE_DATA_DIR' | 'JWT_SECRET_KEY' | 'AUTH_ENCRYPTION_SECRET'>,
): Secrets {
  const { FORGE_DATA_DIR: directory, JWT_SECRET_KEY, AUTH_ENCRYPTION_SECRET } = settings;
  const path = join(directory, 'secrets.json');
  try {
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    if (!existsSync(path)) createSecrets(path);
    if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, OWNER_ONLY);
    const generated = fileSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    return {
      jwtSecretKey: JWT_SECRET_KEY ?? generated.jwtSecretKey,
      authEncryptionSecret: AUTH_ENCRYPTION_SECRET ?? generated.authEncryptionSecret,
    };
  } catch (error) {
    // Messages of JSON.parse quote the text, so only those of the system are shown.
    const reason = (error as NodeJS.ErrnoException).syscall === undefined ? 'it is damaged' : (error as Error).message;
    throw new ConfigError([`${path} cannot be used: ${reason}`]);
  }
}

/** 32 bytes for one purpose, the same in every process that has the secret (HKDF-SHA-256, RFC 5869). */
export function deriveKey(secret: Secret, purpose: 'session-ids' | 'parked-calls'): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret.reveal(), 'forge', `forge/${purpose}/v1`, 32));
}

function createSecrets(path: string): void {
  const draft = `${path}.${randomUUID()}`;
  const random = () => randomBytes(32).toString('base64url');
  const text = JSON.stringify({ jwtSecretKey: random(), authEncryptionSecret: random() }, null, 2);
  writeFileSync(draft, `${text}\n`, { mode: OWNER_ONLY, flag: 'wx', flush: true });
  try {
    publish(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error; // another process was first: its keys count
  } finally {
    rmSync(draft);
  }
}

/** The whole file appears at once, and only if there is none. */
function publish(draft: string, path: string): void {
  try {
    linkSync(draft, path);
  } catch (error) {
    if (!['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(String((error as NodeJS.ErrnoException).code)))
      throw error;
    copyFileSync(draft, path, constants.COPYFILE_EXCL); // a file system without hard links
  }
}
