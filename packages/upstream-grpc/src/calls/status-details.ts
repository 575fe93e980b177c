/** @module The details of a status (`google.rpc.Status` in `grpc-status-details-bin`) as lines of JSON. */
import { anyUnpack, type Any, AnySchema } from '@bufbuild/protobuf/wkt';
import { createRegistry, fromBinary, type Registry, toJson } from '@bufbuild/protobuf';
import type { CallError } from '../channel/status.ts';
import { compileProtos } from '../descriptors/proto-files.ts';
import { describe } from '../descriptors/registry.ts';

/** google/rpc/status.proto and google/rpc/error_details.proto, which hardly any service describes as its own. */
const RPC = `syntax = "proto3";
package google.rpc;
import "google/protobuf/any.proto";
import "google/protobuf/duration.proto";
message Status { int32 code = 1; string message = 2; repeated google.protobuf.Any details = 3; }
message ErrorInfo { string reason = 1; string domain = 2; map<string, string> metadata = 3; }
message RetryInfo { google.protobuf.Duration retry_delay = 1; }
message QuotaFailure {
  message Violation { string subject = 1; string description = 2; }
  repeated Violation violations = 1;
}
message PreconditionFailure {
  message Violation { string type = 1; string subject = 2; string description = 3; }
  repeated Violation violations = 1;
}
message BadRequest {
  message FieldViolation { string field = 1; string description = 2; string reason = 3; }
  repeated FieldViolation field_violations = 1;
}
message RequestInfo { string request_id = 1; string serving_data = 2; }
message ResourceInfo { string resource_type = 1; string resource_name = 2; string owner = 3; string description = 4; }
message Help { message Link { string description = 1; string url = 2; } repeated Link links = 1; }
message LocalizedMessage { string locale = 1; string message = 2; }
`;
const MAX_DETAILS = 16;
const MAX_LENGTH = 4000;

let rpc: Registry | undefined;

/** One line for each detail, cut where it is long. `types`: what the service has described. */
export function readDetails({ statusDetails }: CallError, types: Registry): string[] {
  if (statusDetails === undefined) return [];
  rpc ??= describe(compileProtos({ 'google/rpc/status.proto': RPC })).types;
  const known = createRegistry(types, rpc);
  try {
    const schema = rpc.getMessage('google.rpc.Status');
    const { details } = (schema ? fromBinary(schema, statusDetails) : {}) as { readonly details?: readonly Any[] };
    return (details ?? []).slice(0, MAX_DETAILS).map((detail) => describeDetail(detail, known).slice(0, MAX_LENGTH));
  } catch {
    return []; // malformed details say nothing, and the status stands without them
  }
}

function describeDetail(detail: Any, registry: Registry): string {
  try {
    if (anyUnpack(detail, registry) !== undefined) return JSON.stringify(toJson(AnySchema, detail, { registry }));
  } catch {
    // shown as bytes, then
  }
  return JSON.stringify({ '@type': detail.typeUrl, value: Buffer.from(detail.value).toString('base64') });
}
