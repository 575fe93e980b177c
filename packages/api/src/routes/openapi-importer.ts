/** @module What the API needs to import OpenAPI documents; the package of REST upstreams has it. */

/** What is imported, and how. */
export interface OpenApiRequest {
  readonly text?: string | undefined;
  readonly url?: string | undefined;
  readonly baseUrl?: string | undefined;
  readonly variables?: Readonly<Record<string, string>> | undefined;
  readonly select?:
    | {
        readonly tags?: readonly string[] | undefined;
        readonly paths?: readonly string[] | undefined;
        readonly methods?: readonly string[] | undefined;
        readonly operationIds?: readonly string[] | undefined;
      }
    | undefined;
  readonly credentials?: Readonly<Record<string, Readonly<Record<string, string | undefined>>>> | undefined;
  /** The configuration that an earlier import made, as it is now. */
  readonly current?: OpenApiConfig | undefined;
}

/** The configuration of an upstream whose operations came from a document. */
export interface OpenApiConfig {
  readonly operations: readonly OpenApiTool[];
  /** It was registered as a tool by itself. */
  readonly isSingleTool?: boolean | undefined;
  /** What the operations came from. */
  readonly source?: Readonly<Record<string, unknown>> | undefined;
}

/** One operation of a configuration; only its adapter understands all of it. */
export interface OpenApiTool {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly title?: string | undefined;
  readonly description?: string | undefined;
  readonly inputSchema: unknown;
  readonly outputSchema?: unknown;
  readonly annotations?: unknown;
}

/** An operation of a document. */
export interface OpenApiOperation {
  readonly method: string;
  readonly path: string;
  readonly operationId?: string | undefined;
}

/** What a document becomes. */
export interface OpenApiResult {
  readonly title: string;
  readonly revision: string;
  /** `undefined`: the document names none. */
  readonly url: string | undefined;
  readonly servers: readonly string[];
  readonly config: OpenApiConfig;
  /** Secrets that the configuration speaks of. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly schemes: readonly {
    readonly name: string;
    readonly type: string;
    readonly needs: readonly (readonly string[])[];
    readonly isBound: boolean;
    readonly operations: number;
    readonly problem?: string | undefined;
  }[];
  /** One for each operation of the configuration, in the same order. */
  readonly operations: readonly (OpenApiOperation & {
    readonly name: string;
    readonly tags: readonly string[];
    readonly notes: readonly string[];
  })[];
  readonly skipped: readonly (OpenApiOperation & { readonly reason: string })[];
  readonly unselected: number;
  readonly notes: readonly string[];
}

/** Reads and maps a document. @throws ForgeError `validation_failed`, `overloaded`, `upstream_*` where it cannot be read */
export type OpenApiImporter = (request: OpenApiRequest) => Promise<OpenApiResult>;
