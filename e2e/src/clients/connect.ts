/** @module What every client needs to connect, and how its results are read. */

/** Where to, and as whom. */
export interface Connect<Capabilities> {
  readonly url: string;
  readonly token: string;
  /** Sent with every request. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly capabilities?: Capabilities;
}

/** The text of a tool result's first block. */
export function textOf(result: unknown): string {
  return (result as { content?: { text?: string }[] }).content?.[0]?.text ?? '';
}

/** The names in a `tools/list` result, in order. */
export function namesOf(result: { readonly tools: readonly { readonly name: string }[] }): string[] {
  return result.tools.map(({ name }) => name);
}
