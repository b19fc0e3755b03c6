import type { DescMessage, JsonObject, JsonValue } from '@bufbuild/protobuf';
import { join } from './violation.ts';

/** Name of the field that receives the mask of a PATCH. */
export const maskField = 'update_mask';

/** A PATCH body without its nulls, and the paths of every key that was present. */
export interface Patch {
  readonly json: JsonObject;
  readonly paths: readonly string[];
}

/**
 * The keys present are the field mask: `{"address": {"postcode": null}}` masks `address.postcode` and clears it.
 * Lists, maps and messages with a JSON form of their own are replaced whole.
 */
export function readPatch(desc: DescMessage, body: Readonly<Record<string, JsonValue>>, path = ''): Patch {
  const json: JsonObject = Object.create(null);
  const paths: string[] = [];
  for (const [name, value] of Object.entries(body)) {
    const field = desc.fields.find((one) => one.name === name);
    const at = join(path, name);
    const merges = field?.fieldKind === 'message' && !field.message.typeName.startsWith('google.protobuf.');
    if (value === null) paths.push(at);
    else if (merges && typeof value === 'object' && !Array.isArray(value) && Object.keys(value).length > 0) {
      const inner = readPatch(field.message, value, at);
      json[name] = inner.json;
      paths.push(...inner.paths);
    } else {
      json[name] = value;
      paths.push(at);
    }
  }
  return { json, paths };
}
