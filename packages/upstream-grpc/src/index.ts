/** @module gRPC services as upstreams: the methods are tools. */
export { type TlsOptions } from './channel/channel.ts';
export { type GrpcConfig } from './config.ts';
export { grpcAdapter, type GrpcAdapterOptions } from './grpc-adapter.ts';
export { grpcUpstream, type GrpcUpstreamOptions } from './grpc-upstream.ts';
export { type Headers } from './metadata.ts';
export { type SourceOptions } from './source.ts';
