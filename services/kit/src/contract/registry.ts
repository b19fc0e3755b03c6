import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  createFileRegistry,
  type DescExtension,
  type DescMessage,
  type FileRegistry,
  fromBinary,
} from '@bufbuild/protobuf';
import { FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';

/** Every descriptor of the contract, read once at start. */
export const registry: FileRegistry = createFileRegistry(
  fromBinary(FileDescriptorSetSchema, readFileSync(descriptorsFile())),
);

// A bundled process has no package to resolve and names the file instead.
function descriptorsFile(): string {
  return (
    process.env.MIDAS_DESCRIPTORS ?? fileURLToPath(import.meta.resolve('@midas/proto/descriptors.binpb'))
  );
}

/** An extension of the contract by its full name. Throws when the descriptors were made without it. */
export function extension(typeName: string): DescExtension {
  const found = registry.getExtension(typeName);
  if (found === undefined) throw new Error(`The descriptors do not hold the extension ${typeName}.`);
  return found;
}

const byCodec = new Map<string, DescMessage>();

/** Descriptor of a message by its full name. Throws for a name that the contract does not hold. */
export function messageOf(typeName: string): DescMessage {
  const known = byCodec.get(typeName);
  if (known !== undefined) return known;
  const found = registry.getMessage(typeName);
  if (found === undefined) throw new Error(`The descriptors do not hold the message ${typeName}.`);
  byCodec.set(typeName, found);
  return found;
}
