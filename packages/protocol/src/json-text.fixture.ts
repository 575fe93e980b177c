/** @module Random JSON texts for property tests, written as no serialiser would write them. */
import * as fc from 'fast-check';

/** One member of a random object: its key, the key as written (quotes included) and the value as written. */
export interface WrittenMember {
  readonly key: string;
  readonly rawKey: string;
  readonly rawValue: string;
}

const space = fc.constantFrom('', '', '', ' ', '\n', '\r\n\t', '  ');
/** Keys that meet often enough to repeat, look like integers, or mean something to JavaScript. */
const key = fc.oneof(
  fc.constantFrom('a', 'b', '_meta', '', '0', '10', '2', '__proto__', 'constructor', 'a"b', 'a\\', '\ud800', '{', '€'),
  fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
);
/** A string as JSON, each character escaped or not as `seed` has it. */
const write = (text: string, seed: number): string =>
  `"${[...Array(text.length).keys()]
    .map((at) => {
      const plain = JSON.stringify(text[at]).slice(1, -1);
      return (seed >> (at % 30)) & 1 ? `\\u${text.charCodeAt(at).toString(16).padStart(4, '0')}` : plain;
    })
    .join('')}"`;
const string = fc.tuple(key, fc.nat()).map(([text, seed]) => write(text, seed));
const scalar = fc.oneof(
  string,
  fc.constantFrom('true', 'false', 'null', '0', '-0', '1.0', '1e400', '-1E-7', '12345678901234567890', '0.10'),
  fc.integer().map(String),
);

const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('array'), tie('object')),
  array: fc.array(tie('value'), { maxLength: 4 }).chain((items) => spaced(items, '[', ']')),
  object: fc.array(fc.tuple(string, space, tie('value')), { maxLength: 4 }).chain((members) =>
    spaced(
      members.map(([name, gap, item]) => `${name}${gap}:${gap}${item}`),
      '{',
      '}',
    ),
  ),
}));

/** Any JSON value as text, without white space around it. */
export const jsonValue: fc.Arbitrary<string> = value;

/** An object as text, together with what was written. */
export const jsonObject: fc.Arbitrary<{ text: string; members: WrittenMember[] }> = fc
  .array(
    fc
      .tuple(key, fc.nat(), value)
      .map(([name, seed, rawValue]) => ({ key: name, rawKey: write(name, seed), rawValue })),
    { maxLength: 8 },
  )
  .chain((members) =>
    fc
      .tuple(
        spaced(
          members.map((member) => `${member.rawKey}:${member.rawValue}`),
          '{',
          '}',
        ),
      )
      .map(([text]) => ({ text, members })),
  );

/** An array as text, together with its elements as written. */
export const jsonArray: fc.Arbitrary<{ text: string; elements: string[] }> = fc
  .array(value, { maxLength: 6 })
  .chain((elements) => spaced(elements, '[', ']').map((text) => ({ text, elements })));

function spaced(parts: readonly string[], open: string, close: string): fc.Arbitrary<string> {
  return fc.array(fc.tuple(space, space), { minLength: parts.length, maxLength: parts.length }).chain((gaps) =>
    space.map((inside) => {
      if (parts.length === 0) return `${open}${inside}${close}`;
      return `${open}${parts.map((part, at) => `${gaps[at]?.[0] ?? ''}${part}${gaps[at]?.[1] ?? ''}`).join(',')}${close}`;
    }),
  );
}
