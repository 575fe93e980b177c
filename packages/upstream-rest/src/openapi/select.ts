/** @module Which operations of a document are wanted. */
import type { Found } from './document.ts';

/** Each list narrows it down; absent or empty ones do not. */
export interface Selection {
  readonly tags?: readonly string[] | undefined;
  /** `*` stands for what is within one step, `**` for any number of steps: `/users/**`. */
  readonly paths?: readonly string[] | undefined;
  /** In any case. */
  readonly methods?: readonly string[] | undefined;
  readonly operationIds?: readonly string[] | undefined;
}

/** Whether an operation is wanted. */
export function isSelected({ tags, path, method, operationId }: Found, selection: Selection): boolean {
  const allows = <T>(list: readonly T[] | undefined, fits: (wanted: T) => boolean): boolean =>
    list === undefined || list.length === 0 || list.some(fits);
  return (
    allows(selection.tags, (tag) => tags.includes(tag)) &&
    allows(selection.paths, (glob) => isLike(path, glob)) &&
    allows(selection.methods, (wanted) => wanted.toUpperCase() === method) &&
    allows(selection.operationIds, (id) => id === operationId)
  );
}

/** Whether a path is like a pattern with stars. Its time grows with the product of their lengths, never faster. */
export function isLike(path: string, glob: string): boolean {
  const steps = glob.match(/\*\*|\*|[^*]/gs) ?? [];
  // Places in the path that what was read of the pattern can end at.
  let ends = new Set([0]);
  for (const step of steps) {
    const next = new Set<number>();
    for (const end of ends) {
      if (step !== '*' && step !== '**') {
        if (path.startsWith(step, end)) next.add(end + step.length);
        continue;
      }
      for (let at = end; at <= path.length && !next.has(at); at += 1) {
        next.add(at);
        if (step === '*' && path[at] === '/') break;
      }
    }
    ends = next;
  }
  return ends.has(path.length);
}
