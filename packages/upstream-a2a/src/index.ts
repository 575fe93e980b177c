/** @module Agents as upstreams, and virtual servers as agents. */
export { a2aAdapter, type A2aAdapterOptions } from './adapter.ts';
