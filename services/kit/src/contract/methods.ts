import {
  type DescMessage,
  type DescMethod,
  getOption,
  hasOption,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { MethodOptions_IdempotencyLevel } from '@bufbuild/protobuf/wkt';
import { Access } from '@midas/proto/contract/v1/options';
import { extension, registry } from './registry.ts';

/** Who may call an RPC. */
export type AccessRule =
  | { readonly kind: 'permission'; readonly action: string; readonly subject: string }
  | { readonly kind: 'public' }
  | { readonly kind: 'internal'; readonly callers: readonly string[] };

export type HttpVerb = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';

export interface HttpBinding {
  readonly verb: HttpVerb;
  /** As in the option, e.g. `/v1/things/{thing_id}:close`. */
  readonly path: string;
  /** `*`, a field name, or empty for no body. */
  readonly body: string;
  /** Names of the request fields in the path, e.g. `thing_id`. */
  readonly params: readonly string[];
}

/** Everything that the contract says of one RPC. */
export interface MethodContract {
  /** gRPC path, e.g. `/midas.x.v1.Things/CloseThing`. */
  readonly path: string;
  readonly name: string;
  readonly input: DescMessage;
  readonly output: DescMessage;
  readonly access: AccessRule;
  readonly http?: HttpBinding;
  /** It changes something: its REST verb is not GET, and it does not say `idempotency_level = NO_SIDE_EFFECTS`. */
  readonly changing: boolean;
  /** It changes one known record, so the record's version is required. */
  readonly updating: boolean;
  readonly streaming: 'unary' | 'server' | 'client' | 'bidi';
}

const accessOption = extension('midas.contract.v1.access');
const httpOption = extension('google.api.http');
const verbs: Readonly<Record<string, HttpVerb>> = {
  get: 'GET',
  post: 'POST',
  put: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

/** The RPCs of a service by its full proto name. Throws when it is unknown or an RPC has no access option. */
export function methodsOf(serviceTypeName: string): readonly MethodContract[] {
  const service = registry.getService(serviceTypeName);
  if (service === undefined) throw new Error(`The descriptors do not hold the service ${serviceTypeName}.`);
  return service.methods.map(methodContract);
}

/** Full names of every service of the contract. */
export function serviceNames(): readonly string[] {
  const found: string[] = [];
  for (const type of registry) if (type.kind === 'service') found.push(type.typeName);
  return found;
}

/** The contract of one RPC, read from its descriptor. */
export function methodContract(method: DescMethod): MethodContract {
  const http = httpOf(method);
  const path = `/${method.parent.typeName}/${method.name}`;
  const access = accessOf(method, path);
  if (access.kind === 'internal' && http !== undefined) {
    throw new Error(`The RPC ${path} is internal and has a REST path.`);
  }
  // A search whose particulars must not stand in a URL is a POST that changes nothing.
  const isSafe = method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS;
  const changing = http !== undefined && http.verb !== 'GET' && !isSafe;
  return {
    path,
    name: method.name,
    input: method.input,
    output: method.output,
    access,
    ...(http === undefined ? {} : { http }),
    changing,
    updating: changing && isUpdate(http),
    streaming: streamingOf(method),
  };
}

// A POST to a collection makes something new; `:verb` on a named record, PATCH, PUT and DELETE change one.
function isUpdate(http: HttpBinding): boolean {
  return http.params.length > 0 && (http.verb !== 'POST' || /\}:[A-Za-z]+$/.test(http.path));
}

function accessOf(method: DescMethod, path: string): AccessRule {
  const rule = hasOption(method, accessOption)
    ? Access.decode(optionBytes(accessOption.message, getOption(method, accessOption))).rule
    : undefined;
  switch (rule?.$case) {
    case 'permission': {
      const { action, subject } = rule.value;
      if (action !== '' && subject !== '') return { kind: 'permission', action, subject };
      break;
    }
    case 'public':
      if (rule.value) return { kind: 'public' };
      break;
    case 'internal':
      if (rule.value.callers.length > 0) return { kind: 'internal', callers: rule.value.callers };
      break;
  }
  throw new Error(`The RPC ${path} has no access option.`);
}

function httpOf(method: DescMethod): HttpBinding | undefined {
  if (!hasOption(method, httpOption)) return undefined;
  const json = optionJson(httpOption.message, getOption(method, httpOption));
  for (const [key, path] of Object.entries(json)) {
    const verb = verbs[key];
    if (verb === undefined || typeof path !== 'string') continue;
    const params = [...path.matchAll(/\{([a-z0-9_.]+)/g)].map((match) => match[1] ?? '');
    return { verb, path, body: typeof json.body === 'string' ? json.body : '', params };
  }
  throw new Error(`The RPC ${method.toString()} has a REST rule without a path.`);
}

function optionBytes(desc: DescMessage | undefined, value: unknown): Uint8Array {
  if (desc === undefined) throw new Error('The option is no message.');
  return toBinary(desc, value as Message);
}

function optionJson(desc: DescMessage | undefined, value: unknown): Readonly<Record<string, JsonValue>> {
  if (desc === undefined) throw new Error('The option is no message.');
  const json = toJson(desc, value as Message, { registry });
  if (json === null || typeof json !== 'object' || Array.isArray(json)) return {};
  return json;
}

function streamingOf(method: DescMethod): MethodContract['streaming'] {
  switch (method.methodKind) {
    case 'server_streaming':
      return 'server';
    case 'client_streaming':
      return 'client';
    case 'bidi_streaming':
      return 'bidi';
    default:
      return 'unary';
  }
}
