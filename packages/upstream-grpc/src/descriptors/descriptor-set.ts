/** @module Descriptor sets, as `protoc --descriptor_set_out` and `buf build` write them. */
import { fromBinary } from '@bufbuild/protobuf';
import { type FileDescriptorProto, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { ForgeError } from '@forge/protocol';

/** The files of a descriptor set in base64. @throws ForgeError `validation_failed` */
export function readDescriptorSet(base64: string): FileDescriptorProto[] {
  try {
    const { file } = fromBinary(FileDescriptorSetSchema, Buffer.from(base64, 'base64'));
    if (file.length > 0) return file;
  } catch (error) {
    throw new ForgeError(
      'validation_failed',
      `config.descriptorSet: is no FileDescriptorSet: ${(error as Error).message}`,
    );
  }
  throw new ForgeError('validation_failed', 'config.descriptorSet: has no files');
}
