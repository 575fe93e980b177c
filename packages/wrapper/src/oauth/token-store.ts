/** @module What a login left behind: one file per server and client, for this user's eyes alone. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Env } from '../headers.ts';
import type { LoginSettings } from './login-settings.ts';
import type { OAuthClient } from './oauth-client.ts';

/** The content of one file. */
export interface Stored {
  readonly accessToken?: string | undefined;
  readonly refreshToken?: string | undefined;
  /** As granted. */
  readonly scope?: string | undefined;
  /** Who issued the tokens, and to whom; a refresh token goes nowhere else. */
  readonly issuer?: string | undefined;
  readonly tokenEndpoint?: string | undefined;
  readonly resource?: string | undefined;
  readonly client?: OAuthClient | undefined;
  /** When a login ended without a token, in ms since 1970. */
  readonly failedAt?: number | undefined;
}

/** One file. */
export interface TokenStore {
  readonly path: string;
  /** Empty where there is no file, or none that can be read. */
  read(): Stored;
  /** Replaces the file in one step: others read the old content or the new. */
  write(stored: Stored): void;
}

/** The store for one server as one client. */
export function createTokenStore(server: URL, settings: LoginSettings, folder: string): TokenStore {
  const { way, clientId, clientMetadataUrl, scope } = settings;
  const identity = [server.href, way === 'client-credentials', clientId, clientMetadataUrl, scope];
  const name = createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 32);
  const path = join(folder, `${name}.json`);
  return {
    path,
    read() {
      try {
        const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
        return typeof value === 'object' && value !== null ? value : {};
      } catch {
        return {}; // no login yet; a broken file is as good as none
      }
    },
    write(stored) {
      mkdirSync(folder, { recursive: true, mode: 0o700 });
      const next = `${path}.${randomBytes(6).toString('hex')}`;
      try {
        writeFileSync(next, JSON.stringify({ server: server.href, ...stored }, undefined, 2), {
          mode: 0o600,
          flag: 'wx',
        });
        renameSync(next, path);
      } catch (error) {
        rmSync(next, { force: true });
        throw error;
      }
    },
  };
}

/** Where this operating system keeps a program's configuration; `FORGE_WRAPPER_CONFIG_DIR` says otherwise. */
export function configFolder(env: Env, platform: NodeJS.Platform = process.platform, home = homedir()): string {
  const given = env['FORGE_WRAPPER_CONFIG_DIR'];
  if (given !== undefined && given !== '') return given;
  if (platform === 'darwin') return join(home, 'Library', 'Application Support', 'forge-wrapper');
  if (platform === 'win32') return join(env['APPDATA'] ?? join(home, 'AppData', 'Roaming'), 'forge-wrapper');
  return join(env['XDG_CONFIG_HOME'] || join(home, '.config'), 'forge-wrapper');
}
