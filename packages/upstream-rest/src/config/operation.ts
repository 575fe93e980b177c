/**
 * @module One REST endpoint as a tool: what callers see of it, how their arguments become a request, and what becomes of
 * the answer. Plain JSON, so that it can be kept, read and written by people and by importers. No secrets.
 */
import type { ClientCredentials } from '@forge/outgoing';

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** Methods that an operation may have. */
export const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** One of {@link METHODS}. */
export type RestMethod = (typeof METHODS)[number];

/** The `config` of an upstream whose transport is `rest`. Its `url` is what every path is appended to. */
export interface RestConfig {
  readonly operations: readonly RestOperation[];
  /** Credentials by a name of your choice; see {@link RestOperation.credentials}. */
  readonly credentials?: Readonly<Record<string, RestCredential>> | undefined;
  /** What the server says of itself to clients. */
  readonly instructions?: string | undefined;
  /** Its one operation was registered as a tool by itself (`POST /tools`), and is changed and deleted as one. */
  readonly isSingleTool?: boolean | undefined;
  /** What the operations came from, kept for whoever brings them in line with it again. */
  readonly source?: JsonObject | undefined;
}

/** One endpoint as one tool. */
export interface RestOperation {
  /** The tool's name; unique within its upstream. */
  readonly name: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  /** JSON Schema of the arguments; `type` is `object`. */
  readonly inputSchema: JsonObject;
  /** JSON Schema of the answer, after the filter. One with a property `result` takes what is no object in there. */
  readonly outputSchema?: JsonObject | undefined;
  /** `ToolAnnotations`; `idempotentHint` says whether a failed call may be repeated, whatever the method. */
  readonly annotations?: JsonObject | undefined;

  readonly method: RestMethod;
  /** Appended to the upstream's URL: `/users/{id}`. Each `{name}` is a parameter `in: 'path'`, or an argument's name. */
  readonly path: string;
  /** Where arguments go. Those that stand neither here nor in `body` follow `otherArguments`. */
  readonly parameters?: readonly RestParameter[] | undefined;
  readonly body?: RestBody | undefined;
  /**
   * Where arguments go that are named nowhere: into the query or the body by their own names, or `ignore`d, or
   * `refuse`d as an error.
   *
   * @default 'body' with a body that is made of fields, 'query' without a body, 'refuse' otherwise
   */
  readonly otherArguments?: 'query' | 'body' | 'ignore' | 'refuse' | undefined;
  /** Sent with every call; a parameter of the same name counts more. */
  readonly query?: Readonly<Record<string, string>> | undefined;
  /** Sent with every call, `Accept` among them if need be; a parameter of the same name counts more. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Names in {@link RestConfig.credentials}, all of which are sent. @default all; `[]`: none */
  readonly credentials?: readonly string[] | undefined;

  /** Takes out of a JSON answer what is wanted. */
  readonly filter?: RestFilter | undefined;
  /** Bytes of an answer at most. @default the adapter's setting */
  readonly maxAnswerBytes?: number | undefined;
  /** Milliseconds that a call may take with all its attempts. @default the upstream's, then the adapter's */
  readonly timeoutMs?: number | undefined;
  /** Calls a minute at most. @default no limit of its own */
  readonly callsPerMinute?: number | undefined;
  /** Calls at one time at most. @default no limit of its own */
  readonly maxConcurrent?: number | undefined;
  /** Hosts that it may reach, redirects included: `api.example.com`, `https://api.example.com:8443`. @default any */
  readonly allowedHosts?: readonly string[] | undefined;
  /** Whether `POST /tools/invoke/{name}` calls it, besides MCP. @default true */
  readonly exposePassthrough?: boolean | undefined;
}

/** Where one argument goes. */
export interface RestParameter {
  /** A property of the input schema. */
  readonly argument: string;
  readonly in: 'path' | 'query' | 'header' | 'cookie';
  /** Its name in the request. @default the argument's */
  readonly name?: string | undefined;
  /**
   * How arrays and objects are written, as in OpenAPI 3.1.
   *
   * @default 'form' in the query and in cookies, 'simple' in the path and in headers
   */
  readonly style?: 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject' | 'simple' | undefined;
  /** Whether each element is a pair of its own. @default true for `form` and `deepObject` */
  readonly explode?: boolean | undefined;
  /** In the query: leaves `/ ? : @` and their like as they are. */
  readonly allowReserved?: boolean | undefined;
  /** `json`: the value is written as JSON text, whatever the style. */
  readonly encoding?: 'json' | undefined;
}

/** What is sent besides the head. */
export interface RestBody {
  /**
   * `json`; `form` (application/x-www-form-urlencoded); `multipart` (multipart/form-data); `text`; `binary` (an argument
   * in base64).
   */
  readonly encoding: 'json' | 'form' | 'multipart' | 'text' | 'binary';
  /** `Content-Type`, where another one than the encoding's usual one is wanted. */
  readonly contentType?: string | undefined;
  /** The argument that is the whole body; `text` and `binary` need one. Without it, the body is made of fields. */
  readonly argument?: string | undefined;
  /** Fields by the arguments that fill them. */
  readonly fields?: Readonly<Record<string, RestField>> | undefined;
  /** A body of fields is left out when none of them is filled. @default false */
  readonly optional?: boolean | undefined;
}

/** One field of a body. */
export interface RestField {
  /** Its name in the body. @default the argument's */
  readonly name?: string | undefined;
  /** In a form: how arrays and objects are written, as in {@link RestParameter}. @default arrays as several fields */
  readonly style?: 'form' | 'spaceDelimited' | 'pipeDelimited' | 'deepObject' | undefined;
  /** In a form with a style: whether each element is a field of its own. @default true for `form` and `deepObject` */
  readonly explode?: boolean | undefined;
  /** Multipart: the argument is a file in base64. */
  readonly file?: boolean | undefined;
  /** Multipart: the name of the file. @default the field's name */
  readonly filename?: string | undefined;
  /** Multipart: the type of the part. */
  readonly contentType?: string | undefined;
}

/** What takes a part out of an answer. */
export interface RestFilter {
  readonly language: 'jq' | 'jsonpath';
  readonly expression: string;
}

/** One credential. What is secret stands among the upstream's `secrets`, under the name that is given here. */
export type RestCredential =
  | { readonly type: 'basic'; readonly username: string; readonly password: string }
  | { readonly type: 'bearer'; readonly token: string }
  | {
      readonly type: 'apiKey';
      readonly in: 'header' | 'query' | 'cookie';
      readonly name: string;
      readonly value: string;
    }
  | RestOAuthCredential;

/** OAuth 2 client credentials (RFC 6749, 4.4). */
export interface RestOAuthCredential extends ClientCredentials {
  readonly type: 'oauth2';
  /** The name of the secret. */
  readonly clientSecret: string;
}
