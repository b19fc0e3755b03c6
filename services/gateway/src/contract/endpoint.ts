import {
  type DescField,
  type DescMessage,
  type DescMethod,
  type FileRegistry,
  ScalarType,
} from '@bufbuild/protobuf';
import { type HttpBinding, type MethodContract, methodContract } from '@midas/kit';
import { type PathTemplate, parsePath } from './path.ts';

/** How bytes travel: one message each way, a file in, or a file out. */
export type Shape = 'unary' | 'upload' | 'download';

/** One RPC that has a REST path: everything the gateway knows about it, read from the descriptor. */
export interface Endpoint {
  /** Full gRPC path, e.g. `/midas.referral.v1.ReferralService/SubmitReferral`. */
  readonly rpc: string;
  /** Name of the service that answers, from the package: `midas.health_access.v1` → `health-access`. */
  readonly peer: string;
  readonly verb: HttpBinding['verb'];
  readonly path: PathTemplate;
  /** `*`: the body is the request message; a field name: it is that field; undefined: there is none. */
  readonly body: string | undefined;
  readonly input: DescMessage;
  readonly output: DescMessage;
  readonly method: DescMethod;
  readonly contract: MethodContract;
  readonly shape: Shape;
  /** Makes a new record: a POST without a custom verb. Answers 201. */
  readonly creates: boolean;
  /** Path of the GET that reads what a POST made, for `Location`. */
  readonly location: PathTemplate | undefined;
}

/** The fields by which a message carries a file in pieces. */
export interface FileFields {
  readonly data: DescField;
  readonly contentType: DescField;
}

/** Reads every RPC with a REST path. Throws when the contract asks for something the gateway cannot serve. */
export function readEndpoints(registry: FileRegistry): readonly Endpoint[] {
  const endpoints: Endpoint[] = [];
  for (const desc of registry) {
    if (desc.kind !== 'service') continue;
    for (const method of desc.methods) {
      const contract = methodContractIfServed(method);
      if (contract?.http !== undefined) endpoints.push(endpointOf(method, contract, contract.http));
    }
  }
  return endpoints.map((endpoint) => ({ ...endpoint, location: locationOf(endpoint, endpoints) }));
}

// Services that come with libraries, e.g. health checks, are not ours and carry no access option.
function methodContractIfServed(method: DescMethod): MethodContract | undefined {
  return method.parent.typeName.startsWith('midas.') ? methodContract(method) : undefined;
}

function endpointOf(method: DescMethod, contract: MethodContract, http: HttpBinding): Endpoint {
  const path = parsePath(http.path);
  return {
    rpc: contract.path,
    peer: peerOf(method.parent.typeName),
    verb: http.verb,
    path,
    body: http.body === '' ? undefined : http.body,
    input: method.input,
    output: method.output,
    method,
    contract,
    shape: shapeOf(method),
    creates: http.verb === 'POST' && path.verb === undefined,
    location: undefined,
  };
}

/** `midas.health_access.v1.HealthAccessService` → `health-access`. */
function peerOf(serviceTypeName: string): string {
  const name = serviceTypeName.split('.').at(-3);
  if (name === undefined) throw new Error(`${serviceTypeName}: the package must be midas.<service>.v<n>`);
  return name.replaceAll('_', '-');
}

function shapeOf(method: DescMethod): Shape {
  if (method.methodKind === 'unary') return 'unary';
  if (method.methodKind === 'client_streaming' && fileFields(method.input)) return 'upload';
  if (method.methodKind === 'server_streaming' && fileFields(method.output)) return 'download';
  throw new Error(
    `${method.parent.typeName}/${method.name}: a stream with a REST path carries a file: bytes and content_type`,
  );
}

/** The verbs that some endpoints answer, each once; where GET is answered, HEAD is. */
export function verbsOf(endpoints: readonly Endpoint[]): readonly string[] {
  const verbs = new Set<string>(endpoints.map((endpoint) => endpoint.verb));
  if (verbs.has('GET')) verbs.add('HEAD');
  return [...verbs].sort();
}

/** The file fields of a message: its only `bytes` field, and `content_type`. */
export function fileFields(desc: DescMessage): FileFields | undefined {
  const bytes = desc.fields.filter(
    (field) => field.fieldKind === 'scalar' && field.scalar === ScalarType.BYTES,
  );
  const contentType = desc.fields.find((field) => field.name === 'content_type');
  const [data] = bytes;
  return bytes.length === 1 && data !== undefined && contentType !== undefined
    ? { data, contentType }
    : undefined;
}

function locationOf(endpoint: Endpoint, all: readonly Endpoint[]): PathTemplate | undefined {
  if (!endpoint.creates || endpoint.shape === 'download') return undefined;
  const found = all.find((other) => {
    const last = other.path.segments.at(-1);
    return (
      other.verb === 'GET' &&
      other.path.verb === undefined &&
      last?.kind === 'variable' &&
      other.path.template === `${endpoint.path.template}/{${last.field}}` &&
      endpoint.output.fields.some((field) => field.name === last.field)
    );
  });
  return found?.path;
}
