/** @module What is sent back as it was read asks for no change. */

/** A change without the fields that say what is so already. */
export function withoutEcho<T extends object>(patch: T, current: object): T {
  const now = current as Readonly<Record<string, unknown>>;
  const changed = Object.entries(patch).filter(
    ([field, value]) => JSON.stringify(value) !== JSON.stringify(now[field]),
  );
  return Object.fromEntries(changed) as T;
}
