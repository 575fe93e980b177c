/** @module Forge's REST API: the contract, its routes and its OpenAPI description. */
export { type ApiOptions, createApi } from './create-api.ts';
export { describeApi, type OpenApi, type OperationObject, type Parameter, type Schema } from './docs/openapi.ts';
export { errorBody } from './http/errors.ts';
export { type ObjectSchema, operation, type Operation } from './contract/operation.ts';
export {
  type AgentCallbacks,
  type AgentPlace,
  type ApiCallbacks,
  type HealthItem,
  type RestToolAuth,
  type RestToolFields,
  type RestTools,
  type RpcOptions,
} from './routes/callbacks.ts';
export {
  type OpenApiConfig,
  type OpenApiImporter,
  type OpenApiRequest,
  type OpenApiResult,
} from './routes/openapi-importer.ts';
