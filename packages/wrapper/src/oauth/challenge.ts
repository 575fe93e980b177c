/** @module What a server says when it asks for a login: `WWW-Authenticate: Bearer` (RFC 6750, RFC 9728 section 5.1). */

/** The parameters that matter. */
export interface Challenge {
  readonly resourceMetadata: string | undefined;
  readonly scope: string | undefined;
  readonly error: string | undefined;
}

const PARAMETER = /([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g;

/** Reads the header; what is not there is absent. */
export function readChallenge(header: string | undefined): Challenge {
  const text = /\bBearer\b(.*)$/is.exec(header ?? '')?.[1] ?? '';
  const found = new Map<string, string>();
  for (const [, name = '', quoted, plain = ''] of text.matchAll(PARAMETER)) {
    const key = name.toLowerCase();
    if (!found.has(key)) found.set(key, quoted?.replaceAll(/\\(.)/g, '$1') ?? plain);
  }
  return { resourceMetadata: found.get('resource_metadata'), scope: found.get('scope'), error: found.get('error') };
}
