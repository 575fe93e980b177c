/** @module The first administrator of a gateway that has no users yet. */
import { randomBytes } from 'node:crypto';
import { hashPassword } from '@forge/auth-basic';
import { ForgeError, type Registry, type Store } from '@forge/core';
import type { Settings } from '../config/schema.ts';

/**
 * Makes the first administrator where there is no user.
 *
 * @returns the password when it was generated just now; it cannot be shown again
 */
export async function ensureFirstAdmin(
  { store, registry }: { readonly store: Store; readonly registry: Registry },
  settings: Settings,
): Promise<string | undefined> {
  if ((await store.users.all()).length > 0) return undefined;
  const generated = settings.PLATFORM_ADMIN_PASSWORD === undefined ? randomBytes(15).toString('base64url') : undefined;
  const password = generated ?? settings.PLATFORM_ADMIN_PASSWORD?.reveal() ?? '';
  try {
    const made = await registry.users.createFirstAdmin({
      email: settings.PLATFORM_ADMIN_EMAIL,
      fullName: settings.PLATFORM_ADMIN_FULL_NAME,
      passwordHash: await hashPassword(password),
    });
    return made ? generated : undefined;
  } catch (error) {
    if (ForgeError.from(error).code === 'conflict') return undefined; // another process was first, and shows its password
    throw error;
  }
}

/** What is shown once. */
export function passwordNotice(email: string, password: string): string {
  return `
+----------------------------------------------------------------------
| First start: an administrator has been made.
|
|   email     ${email}
|   password  ${password}
|
| The password is stored hashed and is not shown again.
+----------------------------------------------------------------------

`;
}
