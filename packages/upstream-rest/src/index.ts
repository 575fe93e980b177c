/** @module REST endpoints as tools. */
export { restAdapter, type RestAdapterOptions } from './adapter.ts';
export { checkConfig } from './config/check-config.ts';
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
export { createFilters, type FilterOptions, type Filters } from './filter/filter.ts';
export { type RestUpstreamOptions } from './rest-upstream.ts';
export { type BreakerOptions } from './sending/breaker.ts';
export { NO_PASSTHROUGH } from './rest-upstream.ts';
export { type SingleToolAuth, type SingleToolFields } from './single/fields.ts';
export { filterOf, type SingleToolInput, toSingleToolUpstream } from './single/to-upstream.ts';
export { authOfTool, fieldsOfTool, isSingleTool } from './single/view.ts';
