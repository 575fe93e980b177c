/** @module The files of google/protobuf that every Protocol Buffers compiler has, and that nobody has to send. */
import {
  file_google_protobuf_any,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
  type FileDescriptorProto,
} from '@bufbuild/protobuf/wkt';

/** Types that are known without being described. */
export const BUNDLED = [
  file_google_protobuf_any,
  file_google_protobuf_descriptor,
  file_google_protobuf_duration,
  file_google_protobuf_empty,
  file_google_protobuf_field_mask,
  file_google_protobuf_struct,
  file_google_protobuf_timestamp,
  file_google_protobuf_wrappers,
] as const;

/** The same as files, by name: `google/protobuf/any.proto` and so on. */
export const BUNDLED_FILES: ReadonlyMap<string, FileDescriptorProto> = new Map(
  BUNDLED.map(({ proto }) => [proto.name, proto]),
);
