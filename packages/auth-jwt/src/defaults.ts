/** @module What tokens say where nothing else is configured; ContextForge's values. */

/** `iss`. */
export const DEFAULT_ISSUER = 'mcpgateway';

/** `aud`. */
export const DEFAULT_AUDIENCE = 'mcpgateway-api';
