/** @module MCP servers on HTTP, for use in a program of your own. */
export { createTranslate, type Translate, type TranslateOptions, type TranslateServer } from './create-translate.ts';
export type { HttpOptions } from './http-server.ts';
export type { ChildSpec, GrpcSpec, RemoteSpec, ServerSpec } from './server-spec.ts';
