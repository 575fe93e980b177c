/** @module Where things are in the checkout. */
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);

/** The gateway's command, a script. */
export const GATEWAY = inCheckout('apps/gateway/bin/forge-gateway.js');

/** Translate's command, a script. */
export const TRANSLATE = inCheckout('packages/translate/bin/forge-translate.js');

/** The wrapper's command, a script. */
export const WRAPPER = inCheckout('packages/wrapper/bin/forge-wrapper.js');

/** The MCP Inspector's command, a script. */
export const INSPECTOR = require.resolve('@modelcontextprotocol/inspector/clients/launcher/build/index.js');

/** The reference server of the undivided SDK, a script: `stdio`, `sse` or `streamableHttp`. */
export const SERVER_EVERYTHING = require.resolve('@modelcontextprotocol/server-everything/dist/index.js');

/** A stdio server with a child of its own, a script. */
export const STDIO_WITH_GRANDCHILD = fileURLToPath(new URL('../fixtures/stdio-with-grandchild.ts', import.meta.url));

/** An absolute path, from one relative to the root of the checkout. */
export function inCheckout(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
