/** @module Recognises URIs of an RFC 6570 template: enough to route a `resources/read`, not to expand one. */

/** A stretch of a template: fixed text, or an expression that stands for some characters. */
type Part = { readonly literal: string } | { readonly allows: (char: string) => boolean; readonly empty: boolean };

const MAX_TEMPLATE = 2048;
const MAX_PARTS = 64;
const MAX_URI = 4096;

/**
 * A test for the URIs of a template, or `undefined` where the template is malformed or too long. The test takes time in
 * proportion to template and URI, whatever they are: both come from strangers.
 */
export function compileUriTemplate(template: string): ((uri: string) => boolean) | undefined {
  if (template.length > MAX_TEMPLATE) return undefined;
  const parts: Part[] = [];
  for (const piece of template.split(/(\{[^{}]*\})/)) {
    if (piece.startsWith('{') && piece.endsWith('}')) parts.push(expression(piece.charAt(1)));
    else if (/[{}]/.test(piece)) return undefined;
    else if (piece !== '') parts.push({ literal: piece });
  }
  return parts.length > MAX_PARTS ? undefined : (uri) => uri.length <= MAX_URI && matches(parts, uri);
}

/** What an expression may expand to (RFC 6570, 3.2): anything, query parts, path parts, or one segment. */
function expression(operator: string): Part {
  if (operator === '+' || operator === '#') return { allows: () => true, empty: false };
  if (operator === '?' || operator === '&') return { allows: (char) => char !== '#', empty: true };
  if (operator === '/' || operator === '.' || operator === ';')
    return { allows: (char) => char !== '?' && char !== '#', empty: true };
  return { allows: (char) => char !== '/' && char !== '?' && char !== '#', empty: false };
}

/** Follows all readings at once: the set of places that the parts so far can have reached. */
function matches(parts: readonly Part[], uri: string): boolean {
  let reached = new Set([0]);
  for (const part of parts) {
    reached = 'literal' in part ? overLiteral(reached, part.literal, uri) : overExpression(reached, part, uri);
    if (reached.size === 0) return false;
  }
  return reached.has(uri.length);
}

function overLiteral(reached: ReadonlySet<number>, literal: string, uri: string): Set<number> {
  const next = new Set<number>();
  for (const at of reached) if (uri.startsWith(literal, at)) next.add(at + literal.length);
  return next;
}

function overExpression(
  reached: ReadonlySet<number>,
  part: { allows: (char: string) => boolean; empty: boolean },
  uri: string,
): Set<number> {
  const next = new Set<number>(part.empty ? reached : []);
  let open = false;
  for (let at = 0; at < uri.length; at += 1) {
    open = (open || reached.has(at)) && part.allows(uri.charAt(at));
    if (open) next.add(at + 1);
  }
  return next;
}
