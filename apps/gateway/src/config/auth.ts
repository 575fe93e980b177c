/** @module Settings: who may call, and how that is proved. */
import { z } from 'zod';
import { choice, flag, secret } from './fields.ts';

// prettier-ignore
const ALGORITHMS = [
  'HS256', 'HS384', 'HS512',
  'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512',
  'ES256', 'ES384', 'ES512', 'EdDSA',
] as const;

/** Settings of authentication. */
export const authSettings = {
  AUTH_REQUIRED: flag()
    .default(true)
    .describe('Whether callers must prove who they are. false is only accepted on a loopback address.'),
  JWT_ALGORITHM: choice(ALGORITHMS).default('HS256').describe('How tokens are signed.'),
  JWT_SECRET_KEY: secret()
    .optional()
    .meta({ fallback: 'generated on first start, kept in secrets.json' })
    .describe('Key that signs tokens with HS algorithms; at least 32 characters.'),
  JWT_PUBLIC_KEY_PATH: z
    .string()
    .optional()
    .describe('PEM file of the public key that checks tokens with every other algorithm.'),
  JWT_PRIVATE_KEY_PATH: z
    .string()
    .optional()
    .describe('PEM file of the private key that signs tokens with every other algorithm.'),
  JWT_AUDIENCE: z.string().default('mcpgateway-api').describe('Required `aud` of tokens.'),
  JWT_ISSUER: z.string().default('mcpgateway').describe('Required `iss` of tokens.'),
  REQUIRE_TOKEN_EXPIRATION: flag().default(true).describe('Whether tokens without `exp` are refused.'),
  REQUIRE_JTI: flag().default(true).describe('Whether tokens without `jti`, which cannot be revoked, are refused.'),
  API_ALLOW_BASIC_AUTH: flag().default(false).describe('Whether email and password are accepted as HTTP Basic.'),
  AUTH_ENCRYPTION_SECRET: secret()
    .optional()
    .meta({ fallback: 'generated on first start, kept in secrets.json' })
    .describe(
      'Key that seals stored credentials and ids of sessions; at least 32 characters. Changing it makes them unreadable.',
    ),
  PLATFORM_ADMIN_EMAIL: z
    .email('must be an email address')
    .default('admin@example.com')
    .describe('The first administrator.'),
  PLATFORM_ADMIN_PASSWORD: secret()
    .optional()
    .meta({ fallback: 'generated on first start and shown once' })
    .describe("The first administrator's password. Only read while there is no such user."),
  PLATFORM_ADMIN_FULL_NAME: z.string().default('Platform Administrator').describe("The first administrator's name."),
};
