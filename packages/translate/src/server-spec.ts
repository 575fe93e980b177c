/** @module What can be put on HTTP: a program, a server that is on HTTP already, or gRPC services. */

/** A stdio server, to be started here. */
export interface ChildSpec {
  /** Where several are served: the first part of its paths. */
  readonly name?: string | undefined;
  /** A program on PATH, or a path. Never given to a shell. */
  readonly command: string;
  readonly args?: readonly string[] | undefined;
  /** On top of a minimal environment. @default all of this process's */
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly cwd?: string | undefined;
}

/** A server elsewhere. */
export interface RemoteSpec {
  readonly name?: string | undefined;
  readonly url: string;
  /** `auto` is any of HTTP. @default 'auto' */
  readonly transport?: 'auto' | 'streamable-http' | 'sse' | 'websocket' | undefined;
  /** Sent with every request: credentials and others. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** gRPC services elsewhere, whose methods become tools. */
export interface GrpcSpec {
  readonly name?: string | undefined;
  readonly grpc: {
    readonly host: string;
    readonly port: number;
    /** Files of PEM: an authority to trust, or, with a key, our own certificate. Absent: plain text. */
    readonly tls?: { readonly cert?: string | undefined; readonly key?: string | undefined } | undefined;
    /** `.proto` files that describe it. @default it is asked, by reflection */
    readonly protos?: readonly string[] | undefined;
    /** A file with a `FileDescriptorSet` instead. */
    readonly descriptors?: string | undefined;
    /** Sent with every call: credentials and others. */
    readonly metadata?: Readonly<Record<string, string>> | undefined;
  };
}

/** One server to put on HTTP. */
export type ServerSpec = ChildSpec | RemoteSpec | GrpcSpec;

/** What follows these flags, and what these options are set to, is not shown. */
const SECRET_NAME = /(?:token|key|secret|passw|auth|credential|bearer)/i;
const SECRET_VALUE = /^(?:sk|pk|ghp|gho|ghs|github_pat|glpat|xox[a-z]|AKIA|eyJ)[-_A-Za-z0-9]{12,}/;
const HIDDEN = '[secret]';

/** A command line, or an address, for people to read: without what looks like a secret in it. */
export function shown(spec: ServerSpec): string {
  if ('url' in spec) return shownUrl(spec.url);
  if ('grpc' in spec) return shownTarget(spec);
  return [spec.command, ...shownArgs(spec.args ?? [])].join(' ');
}

/** As the gateway's API takes it. */
export function shownTarget({ grpc: { host, port, tls } }: GrpcSpec): string {
  return `${tls ? 'grpcs' : 'grpc'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
}

/** Arguments without what looks like a secret. */
export function shownArgs(args: readonly string[]): string[] {
  return args.map((arg, index) => {
    const [, name = '', value] = /^(--?[\w.-]+|[A-Za-z_]\w*)=(.*)$/s.exec(arg) ?? [];
    if (value !== undefined && (SECRET_NAME.test(name) || SECRET_VALUE.test(value))) return `${name}=${HIDDEN}`;
    const before = args[index - 1] ?? '';
    const follows = /^--?\w[\w-]*$/.test(before) && SECRET_NAME.test(before) && !arg.startsWith('-');
    if (follows || SECRET_VALUE.test(arg) || /^\S+:\s*(?:Bearer|Basic)\s/i.test(arg)) return HIDDEN;
    return URL.canParse(arg) && /^[a-z][a-z+.-]*:\/\//i.test(arg) ? shownUrl(arg) : arg;
  });
}

/** An address without user, password and query, where credentials use to stand. */
export function shownUrl(text: string): string {
  const url = new URL(text);
  if (url.password !== '') url.password = '***';
  if (url.search !== '') url.search = '?...';
  return url.href;
}
