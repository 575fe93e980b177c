/** @module REST endpoints as tools. */
export {
  type JsonObject,
  METHODS,
  type RestBody,
  type RestConfig,
  type RestCredential,
  type RestField,
  type RestFilter,
  type RestMethod,
  type RestOAuthCredential,
  type RestOperation,
  type RestParameter,
} from './config/operation.ts';
