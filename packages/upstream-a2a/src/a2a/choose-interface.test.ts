import { expect, it } from 'vitest';
import { grpcTarget, originOf } from './choose-interface.ts';

it.each([
  ['https://a.example.com', 'a.example.com:443', true],
  ['grpcs://a.example.com:50051/x', 'a.example.com:50051', true],
  ['a.example.com:50051', 'a.example.com:50051', true],
  ['http://a.example.com:50051', 'a.example.com:50051', false],
  ['localhost:50051', 'localhost:50051', false],
  ['[::1]:50051', '[::1]:50051', false],
])('the gRPC endpoint %s is %s, secure: %s', (url, host, isSecure) => {
  expect(grpcTarget(url)).toEqual({ host, isSecure });
});

it.each([
  ['JSONRPC', 'https://a.example.com:443/x', 'https://a.example.com'],
  ['GRPC', 'a.example.com:443', 'https://a.example.com'],
  ['GRPC', '127.0.0.1:50051', 'http://127.0.0.1:50051'],
])('an interface %s at %s is of %s', (protocolBinding, url, origin) => {
  expect(originOf({ url, protocolBinding, tenant: '', protocolVersion: '1.0' })).toBe(origin);
});
