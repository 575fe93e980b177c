/** @module Where things are in the checkout. */
import { fileURLToPath } from 'node:url';

/** An absolute path, from one relative to the root of the checkout. */
export function inCheckout(path: string): string {
  return fileURLToPath(new URL(`../../../${path}`, import.meta.url));
}
