/** @module Makes tokens, as the settings say that they are signed. */
import { signToken, type SigningKey } from '@forge/auth-jwt';
import { ConfigError } from './config/load.ts';
import type { Settings } from './config/schema.ts';
import { readKeyFile } from './key-file.ts';
import { loadSecrets } from './secrets.ts';

/** What a token is for. */
export interface TokenWish {
  /** @default the first administrator */
  readonly username?: string | undefined;
  /** 0: for ever. */
  readonly minutes: number;
  /** Open this virtual server only. */
  readonly serverId?: string | undefined;
}

/** Signs a token. @throws ConfigError where there is no key to sign with */
export async function makeToken(settings: Settings, { username, minutes, serverId }: TokenWish): Promise<string> {
  const { token } = await signToken({
    ...signingKey(settings),
    subject: username ?? settings.PLATFORM_ADMIN_EMAIL,
    expiresInMinutes: minutes,
    serverId,
    algorithm: settings.JWT_ALGORITHM,
    issuer: settings.JWT_ISSUER,
    audience: settings.JWT_AUDIENCE,
  });
  return token;
}

function signingKey(settings: Settings): SigningKey {
  if (settings.JWT_ALGORITHM.startsWith('HS')) return { secret: loadSecrets(settings).jwtSecretKey.reveal() };
  const path = settings.JWT_PRIVATE_KEY_PATH;
  if (path === undefined) throw new ConfigError([`Signing with ${settings.JWT_ALGORITHM} needs JWT_PRIVATE_KEY_PATH.`]);
  return { privateKey: readKeyFile('JWT_PRIVATE_KEY_PATH', path) };
}
