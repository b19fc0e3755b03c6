import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { FieldMaskSchema } from '@bufbuild/protobuf/wkt';
import type { Violation } from '@midas/kit';
import type { Endpoint } from '../contract/endpoint.ts';
import { maskField, type Patch, readPatch } from './mask.ts';
import { readParameter } from './parameters.ts';
import { shapeViolations } from './shape.ts';
import { printable } from './violation.ts';

/** What an HTTP request brings, already decoded. */
export interface Incoming {
  /** Values of the path variables, in the order of the template. */
  readonly variables: readonly string[];
  readonly query: Readonly<Record<string, unknown>>;
  /** The parsed body; undefined when none was sent. */
  readonly body: unknown;
}

/** The request message, or what is wrong with the request. */
export type Reading =
  | { readonly kind: 'message'; readonly message: Message }
  | { readonly kind: 'refused'; readonly violations: readonly Violation[] };

/** Puts path variables, query parameters and body together into the request message, strictly by its descriptor. */
export function readRequest(endpoint: Endpoint, incoming: Incoming): Reading {
  const violations: Violation[] = [];
  const { json, paths } = readBody(endpoint, incoming.body, violations);
  for (const [index, name] of endpoint.path.variables.entries()) {
    setVariable(endpoint.input, json, name, incoming.variables[index] ?? '', violations);
  }
  for (const [name, value] of Object.entries(incoming.query)) {
    setParameter(endpoint, json, name, value, violations);
  }
  if (violations.length === 0) violations.push(...shapeViolations(endpoint.input, json));
  if (violations.length > 0) return { kind: 'refused', violations };
  try {
    const message = fromJson(endpoint.input, json);
    if (endpoint.verb === 'PATCH') setMask(endpoint, message, paths);
    return { kind: 'message', message };
  } catch {
    // What only `fromJson` sees, e.g. a time before the year 1. Its words may quote the value.
    return {
      kind: 'refused',
      violations: [{ field: '', rule: 'type', message: 'does not fit the message' }],
    };
  }
}

/** The body as JSON of the request message, and for a PATCH the keys that were present. */
function readBody(endpoint: Endpoint, body: unknown, violations: Violation[]): Patch {
  if (endpoint.body === undefined || body === undefined) return { json: {}, paths: [] };
  if (!isJsonObject(body)) {
    violations.push({ field: '', rule: 'type', message: 'the body must be an object' });
    return { json: {}, paths: [] };
  }
  const target = bodyMessage(endpoint);
  const { json, paths } =
    endpoint.verb === 'PATCH' ? readPatch(target, body) : { json: { ...body }, paths: [] };
  if (endpoint.verb === 'PATCH' && json[maskField] !== undefined) {
    violations.push({
      field: maskField,
      rule: 'unknown_field',
      message: 'is made from the keys that are present',
    });
  }
  return { json: endpoint.body === '*' ? json : { [endpoint.body]: json }, paths };
}

function setMask(endpoint: Endpoint, message: Message, paths: readonly string[]): void {
  const field = endpoint.input.fields.find((one) => one.name === maskField);
  if (field?.message?.typeName !== FieldMaskSchema.typeName) return;
  const changed = paths.filter((path) => !endpoint.path.variables.includes(path));
  const mask = create(FieldMaskSchema, { paths: changed });
  reflect(endpoint.input, message).set(field, reflect(FieldMaskSchema, mask));
}

function bodyMessage(endpoint: Endpoint): DescMessage {
  if (endpoint.body === '*') return endpoint.input;
  const field = endpoint.input.fields.find((one) => one.name === endpoint.body);
  if (field?.fieldKind !== 'message')
    throw new Error(`${endpoint.rpc}: body ${endpoint.body} is no message field`);
  return field.message;
}

function isJsonObject(value: unknown): value is Readonly<Record<string, JsonValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A path variable also given in the body must say the same: neither may win silently. */
function setVariable(
  desc: DescMessage,
  json: JsonObject,
  name: string,
  text: string,
  violations: Violation[],
): void {
  const found = findField(desc, name);
  if (found === undefined) throw new Error(`${desc.typeName}: path variable ${name} is no field`);
  const value = readParameter(found, text);
  if ('message' in value) return void violations.push({ field: name, rule: 'type', message: value.message });
  const holder = holderOf(json, name);
  const key = name.split('.').at(-1) ?? name;
  if (holder === undefined)
    return void violations.push({ field: name, rule: 'type', message: 'must be an object' });
  if (holder[key] !== undefined && holder[key] !== value.json) {
    return void violations.push({ field: name, rule: 'path', message: 'differs from the value in the path' });
  }
  holder[key] = value.json;
}

function setParameter(
  endpoint: Endpoint,
  json: JsonObject,
  name: string,
  raw: unknown,
  violations: Violation[],
): void {
  const top = name.split('.')[0] ?? name;
  const inBody = endpoint.body === '*' || endpoint.body === top || endpoint.path.variables.includes(name);
  const field = inBody ? undefined : findField(endpoint.input, name);
  const list = field?.fieldKind === 'list';
  if (field === undefined || field.fieldKind === 'map') {
    return void violations.push({
      field: printable(name),
      rule: 'unknown_field',
      message: 'is not a parameter here',
    });
  }
  const texts = (Array.isArray(raw) ? raw : [raw]).map(String);
  if (texts.length > 1 && !list) {
    return void violations.push({ field: name, rule: 'type', message: 'may be given once' });
  }
  const values: JsonValue[] = [];
  for (const [index, text] of texts.entries()) {
    const value = readParameter(field, text);
    if ('json' in value) values.push(value.json);
    else violations.push({ field: list ? `${name}[${index}]` : name, rule: 'type', message: value.message });
  }
  const holder = holderOf(json, name);
  const key = name.split('.').at(-1) ?? name;
  if (holder !== undefined && values.length > 0) holder[key] = list ? values : (values[0] ?? null);
}

/** The field that a dotted name of proto field names leads to. */
export function findField(desc: DescMessage, name: string): DescField | undefined {
  const [first, ...rest] = name.split('.');
  const field = desc.fields.find((one) => one.name === first);
  if (rest.length === 0) return field;
  return field?.fieldKind === 'message' ? findField(field.message, rest.join('.')) : undefined;
}

/** The object that holds the last field of a dotted name, made on the way; undefined when something else is there. */
function holderOf(json: JsonObject, name: string): JsonObject | undefined {
  let holder = json;
  for (const step of name.split('.').slice(0, -1)) {
    holder[step] ??= {};
    const next = holder[step];
    if (typeof next !== 'object' || next === null || Array.isArray(next)) return undefined;
    holder = next;
  }
  return holder;
}
