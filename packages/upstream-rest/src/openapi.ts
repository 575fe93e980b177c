/** @module OpenAPI documents as REST upstreams. */
export { importDocument, type ImportOptions, type ImportRequest } from './openapi/import-document.ts';
export { type Load } from './openapi/load.ts';
export {
  type ImportChoice,
  type ImportedOperation,
  type ImportResult,
  type SkippedOperation,
} from './openapi/map-document.ts';
export { type GivenCredential, type Scheme } from './openapi/security.ts';
export { type Selection } from './openapi/select.ts';
