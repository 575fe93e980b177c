/** @module Brings texts to the thread that replaces in them, and back to where they stood. */
import type { JsonText } from '@forge/protocol';
import type { Replacer } from './replacer.ts';
import { type Edit, textsOf } from './texts.ts';

/** What became of a JSON text: itself, where nothing was found. */
export interface Edited {
  readonly json: JsonText;
  /** Places that each rule found. */
  readonly found: readonly number[];
}

/** Applies a replacer to all texts that `editAll` shows. */
export async function editWith(replacer: Replacer, editAll: (edit: Edit) => JsonText): Promise<Edited> {
  const { texts, found } = await replacer.run(textsOf(editAll));
  let at = -1;
  const json = editAll(() => {
    at += 1;
    return texts[at] as string;
  });
  return { json, found };
}
