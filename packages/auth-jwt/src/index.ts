/** @module Bearer JWT authentication for Forge. */
export { DEFAULT_AUDIENCE, DEFAULT_ISSUER } from './defaults.ts';
export {
  jwtAuthenticator,
  type JwtAuthenticator,
  type JwtAuthenticatorOptions,
  type JwtOptions,
} from './jwt-authenticator.ts';
export { type SigningKey, type VerifyingKey } from './keys.ts';
export { type SignedToken, signToken, type SignTokenOptions, type TokenOptions } from './sign-token.ts';
