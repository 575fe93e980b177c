/** @module gRPC services as upstreams: the methods are tools. */
export { type GrpcConfig } from './config.ts';
export { grpcAdapter, type GrpcAdapterOptions } from './grpc-adapter.ts';
export { grpcUpstream, type GrpcUpstreamOptions, type SourceOptions, type TlsOptions } from './grpc-upstream.ts';
export { type Headers } from './headers.ts';
