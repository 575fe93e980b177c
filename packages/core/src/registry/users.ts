/** @module Who may sign in. Password hashes are made by the authenticator and never leave the registry. */
import type { UserRecord } from '../contracts/model.ts';
import type { Principal } from '../contracts/principal.ts';
import { requireAdmin } from './access.ts';
import { checkLine, invalid } from './checks.ts';
import type { RegistryContext } from './context.ts';
import { LIMITS } from './limits.ts';

/** A user as answers show it. */
export type UserView = Omit<UserRecord, 'passwordHash'>;

/** The users of a registry. */
export interface UserRegistry {
  /**
   * Makes the first administrator; where users exist, nothing is changed. For the start of a gateway, hence no principal.
   *
   * @returns whether it was made
   * @throws ForgeError `conflict` when another replica makes it at this moment
   */
  createFirstAdmin(user: { email: string; fullName: string; passwordHash: string }): Promise<boolean>;
  list(principal: Principal): Promise<readonly UserView[]>;
}

const EMAIL = /^[^\s@]+@[^\s@]+$/;

/** The part of a registry that keeps users. */
export function createUsers(context: RegistryContext): UserRegistry {
  const { users } = context.store;
  return {
    async createFirstAdmin({ email, fullName, passwordHash }) {
      if (!EMAIL.test(email) || email.length > LIMITS.nameLength) throw invalid('email', 'is not an email address');
      if ((await users.all()).length > 0) return false;
      await users.insert({
        email: email.toLowerCase(),
        fullName: checkLine('fullName', fullName, LIMITS.nameLength),
        passwordHash,
        admin: true,
        enabled: true,
        createdAt: context.now(),
      });
      await context.changed();
      return true;
    },
    async list(principal) {
      requireAdmin(principal);
      return (await users.all()).map(toView);
    },
  };
}

function toView({ email, fullName, admin, enabled, createdAt }: UserRecord): UserView {
  return { email, fullName, admin, enabled, createdAt };
}
