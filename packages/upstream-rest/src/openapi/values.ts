/** @module Reads values of documents that may hold anything anywhere: what has the wrong shape is not there. */
import type { JsonObject } from '../config/operation.ts';

/** A problem with one operation: it cannot be a tool. The message says why. */
export class Unmappable extends Error {
  override readonly name = 'Unmappable';
}

/** A problem with the document as a whole. The message is for whoever imports it. */
export class DocumentError extends Error {
  override readonly name = 'DocumentError';
}

/** An object, or `undefined`. */
export function objectOf(value: unknown): JsonObject | undefined {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
}

/** The members of an object; none of anything else. `__proto__` is never one: objects made of members keep their nature. */
export function membersOf(value: unknown): [name: string, value: unknown][] {
  return Object.entries(objectOf(value) ?? {}).filter(([name]) => name !== '__proto__');
}

/** The elements of an array; none of anything else. */
export function elementsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The texts in an array. */
export function textsOf(value: unknown): string[] {
  return elementsOf(value).filter((element) => typeof element === 'string');
}

/** A text that is not empty, or `undefined`. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** A text or a number, as text: YAML reads `8443` as a number. */
export function scalarOf(value: unknown): string | undefined {
  return typeof value === 'number' ? String(value) : typeof value === 'string' ? value : undefined;
}

/** At most `max` characters of a text, and whether some are missing can be seen. */
export function clip(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1).trimEnd()}…`;
}
