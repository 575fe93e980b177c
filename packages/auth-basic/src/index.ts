/** @module HTTP Basic authentication for Forge, and its passwords. */
export { basicAuthenticator, type BasicAuthenticator, type BasicAuthenticatorOptions } from './basic-authenticator.ts';
export { hashPassword, needsRehash, verifyPassword } from './password.ts';
