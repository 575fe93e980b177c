/**
 * @module The texts in arguments and results: each is changed where it stands, and everything else, numbers of any size
 * and the order of members among it, stays to the character. One pass, so that deep nesting costs no more than length.
 */
import { endOfString, JsonText, parseJson } from '@forge/protocol';

/** Gives back the text, or another one. */
export type Edit = (text: string) => string;

/** Characters of JSON that are looked through. More is an error: what is not looked at must not pass for clean. */
const MAX_LENGTH = 8_000_000;
/** Members of content whose values mean something to programs, or are no text. */
const NO_TEXT: ReadonlySet<string> = new Set(['type', 'mimeType', 'data', 'blob', 'annotations', '_meta', 'icons']);

/** Every text among the arguments of a call, at any depth; names of members are none. */
export function editArguments(args: JsonText, edit: Edit): JsonText {
  return edited(args, edit, () => false);
}

/**
 * Every text of a result that a model may read: of its content all but types, binary data and annotations, of its
 * structured content all.
 */
export function editResult(result: JsonText, edit: Edit): JsonText {
  return edited(result, edit, (key, section) => {
    if (section === 'structuredContent') return false;
    return section !== 'content' || NO_TEXT.has(key);
  });
}

/** All texts that `edit*` would show, in their order. */
export function textsOf(editAll: (edit: Edit) => JsonText): string[] {
  const texts: string[] = [];
  editAll((text) => {
    texts.push(text);
    return text;
  });
  return texts;
}

/** One object or array around the place that is read. */
interface Frame {
  readonly isObject: boolean;
  readonly isSkipped: boolean;
  /** The member that is read. */
  key: string;
}

function edited(json: JsonText, edit: Edit, skips: (key: string, section: string) => boolean): JsonText {
  const { text } = json;
  if (text.length > MAX_LENGTH) throw new RangeError(`more than ${MAX_LENGTH} characters are not looked through`);
  parseJson(text); // what follows trusts its shape
  const frames: Frame[] = [];
  let out = '';
  let copied = 0;
  let isKey = false;
  const isSkipped = (): boolean => {
    const frame = frames.at(-1);
    if (frame === undefined) return false;
    return frame.isSkipped || (frame.isObject && skips(frame.key, frames[0]?.key ?? ''));
  };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) {
      const end = endOfString(text, at);
      const frame = frames.at(-1);
      if (isKey && frame !== undefined) frame.key = stringAt(text, at, end);
      else if (!isSkipped()) {
        const before = stringAt(text, at, end);
        const after = edit(before);
        if (after !== before) {
          out += text.slice(copied, at) + JSON.stringify(after);
          copied = end;
        }
      }
      at = end - 1;
    } else if (code === OPEN_BRACE || code === OPEN_BRACKET) {
      frames.push({ isObject: code === OPEN_BRACE, isSkipped: isSkipped(), key: '' });
      isKey = code === OPEN_BRACE;
    } else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) frames.pop();
    else if (code === COMMA) isKey = frames.at(-1)?.isObject === true;
    else if (code === COLON) isKey = false;
  }
  return copied === 0 ? json : new JsonText(out + text.slice(copied));
}

const QUOTE = 34;
const COMMA = 44;
const COLON = 58;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

function stringAt(text: string, start: number, end: number): string {
  const raw = text.slice(start + 1, end - 1);
  return raw.includes('\\') ? (JSON.parse(`"${raw}"`) as string) : raw;
}
