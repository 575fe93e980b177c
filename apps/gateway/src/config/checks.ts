/** @module Rules between settings: what is fine on this machine only, and what is not fine at all. */
import { isLoopback } from '@forge/cli';
import type { Settings } from './schema.ts';
import type { Secret } from './secret.ts';

/** What is wrong, and what is worth a word. */
export interface Verdict {
  readonly problems: readonly string[];
  readonly warnings: readonly string[];
}

const KEY_LENGTH = 32;
const PASSWORD_LENGTH = 8;
const KNOWN_PASSWORDS = ['changeme', 'password', 'admin', 'my-test-password'];

/** Checks settings that each are valid by themselves. Weak secrets pass with a warning where only this machine can call. */
export function checkSettings(settings: Settings): Verdict {
  const problems: string[] = [];
  const warnings: string[] = [];
  const local = isLoopback(settings.HOST);
  const onlyLocally = (message: string) => {
    if (local) warnings.push(`${message} That is only accepted because ${settings.HOST} is a loopback address.`);
    else problems.push(`${message} That is only accepted on a loopback address, not on ${settings.HOST}.`);
  };

  if (!settings.AUTH_REQUIRED) onlyLocally('AUTH_REQUIRED is false: whoever reaches the gateway is an administrator.');
  if (settings.JWT_ALGORITHM.startsWith('HS')) weakKey('JWT_SECRET_KEY', settings.JWT_SECRET_KEY);
  else if (settings.JWT_PUBLIC_KEY_PATH === undefined)
    problems.push(`JWT_ALGORITHM ${settings.JWT_ALGORITHM} needs JWT_PUBLIC_KEY_PATH.`);
  weakKey('AUTH_ENCRYPTION_SECRET', settings.AUTH_ENCRYPTION_SECRET);
  const password = settings.PLATFORM_ADMIN_PASSWORD?.reveal();
  if (password !== undefined && (password.length < PASSWORD_LENGTH || KNOWN_PASSWORDS.includes(password)))
    onlyLocally(`PLATFORM_ADMIN_PASSWORD is easy to guess or shorter than ${PASSWORD_LENGTH} characters.`);
  if (settings.ALLOWED_ORIGINS.includes('*')) onlyLocally('ALLOWED_ORIGINS is *: every web page may call the gateway.');
  return { problems, warnings };

  function weakKey(name: string, key: Secret | undefined): void {
    const text = key?.reveal();
    if (text === undefined) return;
    if (text.length < KEY_LENGTH) onlyLocally(`${name} is shorter than ${KEY_LENGTH} characters.`);
    else if (new Set(text).size < 8) onlyLocally(`${name} repeats a few characters.`);
  }
}
