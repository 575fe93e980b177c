/** @module Headers that operations may set, and values that headers may have. */

/** RFC 9110 token. */
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** No line break can be smuggled in. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** They belong to the connection, to credentials, or to the body. */
const RESERVED: ReadonlySet<string> = new Set(
  'host connection content-length content-type transfer-encoding upgrade te trailer keep-alive proxy-authorization proxy-connection authorization cookie set-cookie expect accept-encoding'.split(
    ' ',
  ),
);

/** Why an operation must not set a header; `undefined`: it may. */
export function headerProblem(name: string): string | undefined {
  if (!NAME.test(name)) return 'is not the name of a header';
  return RESERVED.has(name.toLowerCase()) ? 'is a header that cannot be set here' : undefined;
}

/** Whether a header can carry a value. */
export function isHeaderValue(value: string): boolean {
  return VALUE.test(value);
}
