/** @module Checks of what comes from outside, for every kind of thing alike. */
import { ForgeError } from '@forge/protocol';
import type { Visibility } from '../contracts/model.ts';
import { LIMITS } from './limits.ts';

/** A `validation_failed` that names the field. */
export function invalid(field: string, message: string): ForgeError {
  return new ForgeError('validation_failed', `${field}: ${message}`, { data: { issues: [{ field, message }] } });
}

// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
const CONTROL = /[\u0000-\u001f\u007f]/;
// oxlint-disable-next-line no-control-regex -- line breaks and tabs are fine in longer texts
const CONTROL_BUT_LINES = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/;

/** One line of text, trimmed: 1 to `max` characters, none of them a control character. */
export function checkLine(field: string, value: string, max: number): string {
  const line = value.trim();
  if (line === '') throw invalid(field, 'must not be empty');
  if (line.length > max) throw invalid(field, `must have at most ${max} characters`);
  if (CONTROL.test(line)) throw invalid(field, 'must not have control characters');
  return line;
}

/** Text of any number of lines, empty or up to `max` characters. */
export function checkText(field: string, value: string, max: number): string {
  if (value.length > max) throw invalid(field, `must have at most ${max} characters`);
  if (CONTROL_BUT_LINES.test(value)) throw invalid(field, 'must not have control characters');
  return value;
}

/** Tags in lower case, without repetitions. */
export function checkTags(tags: readonly string[]): readonly string[] {
  if (tags.length > LIMITS.tags) throw invalid('tags', `must be at most ${LIMITS.tags}`);
  return [...new Set(tags.map((tag) => checkLine('tags', tag, LIMITS.tagLength).toLowerCase()))];
}

/** `public` or `private`. */
export function checkVisibility(value: string): Visibility {
  if (value !== 'public' && value !== 'private') throw invalid('visibility', 'must be "public" or "private"');
  return value;
}

/** A list within its bound. */
export function checkCount<T>(field: string, list: readonly T[], max: number): readonly T[] {
  if (list.length > max) throw invalid(field, `must be at most ${max}`);
  return list;
}
