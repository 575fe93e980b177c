/** @module What clients send in headers for their own child's environment. */
import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { ForgeError } from '@forge/protocol';

/** Header, in lower case, to variable. */
export type HeaderToEnv = ReadonlyMap<string, string>;

/** The variables of one client. */
export interface Credentials {
  /** Equal for equal values, and tells nothing of them. */
  readonly key: string;
  readonly env: Readonly<Record<string, string>>;
}

const MAX_LENGTH = 8192;

/** Who sets one of these decides what is executed. */
const DANGEROUS =
  /^(?:PATH|PATHEXT|IFS|ENV|SHELL|COMSPEC|HOME|BASH_.*|LD_.*|DYLD_.*|NODE_.*|PYTHON.*|PERL.*|RUBY.*|JAVA_TOOL_OPTIONS|_JAVA_OPTIONS|GIT_.*|npm_.*|UV_.*|PIP_.*)$/i;

/** Why a variable cannot be set by a client; `undefined` when it can. */
export function refusalOf(variable: string): string | undefined {
  if (!/^[A-Za-z_]\w*$/.test(variable)) return 'is no name of a variable';
  return DANGEROUS.test(variable) ? 'decides what is executed, so no client may set it' : undefined;
}

/**
 * Reads the headers that are mapped; `undefined` when there is none.
 *
 * @throws ForgeError `invalid_request` for a value that cannot be one.
 */
export function readCredentials(mapping: HeaderToEnv, headers: IncomingHttpHeaders): Credentials | undefined {
  const env: Record<string, string> = {};
  for (const [header, variable] of mapping) {
    const value = headers[header];
    if (value === undefined) continue;
    if (typeof value !== 'string' || value.length > MAX_LENGTH || /[^\x20-\x7E]/.test(value))
      throw new ForgeError('invalid_request', `The header ${header} is too long, or not plain ASCII`);
    env[variable] = value;
  }
  if (Object.keys(env).length === 0) return undefined;
  return { key: createHash('sha256').update(JSON.stringify(env)).digest('hex'), env };
}
