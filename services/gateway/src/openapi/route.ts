import type { DescMessage } from '@bufbuild/protobuf';
import { type Endpoint, fileFields } from '../contract/endpoint.ts';
import { maskField } from '../json/mask.ts';
import { findField } from '../json/read.ts';
import { commentOf } from './comments.ts';
import { type JsonSchema, rulesOf } from './rules.ts';
import { fieldSchema, messageSchema, schemaId } from './schema.ts';

/** Name of the schema of problem documents. */
export const problemId = 'Problem';

/** The schema of a route for `@fastify/swagger`, made from the endpoint's descriptor alone. */
export function routeSchema(endpoint: Endpoint): JsonSchema {
  const { contract, method } = endpoint;
  const summary = method.name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ');
  const params = parameters(endpoint, endpoint.path.variables);
  const query = parameters(endpoint, queryNames(endpoint));
  const headers = headerSchemas(endpoint);
  const body = bodySchema(endpoint);
  return {
    operationId: method.name,
    summary,
    description: commentOf(method),
    tags: [method.parent.name.replace(/Service$/, '')],
    ...(contract.access.kind === 'public' ? { security: [] } : {}),
    'x-midas-access': contract.access,
    ...(endpoint.path.variables.length > 0 ? { params } : {}),
    ...(queryNames(endpoint).length > 0 ? { querystring: query } : {}),
    ...(Object.keys(Object(headers.properties)).length > 0 ? { headers } : {}),
    ...(body === undefined ? {} : { body }),
    response: { [endpoint.creates ? 201 : 200]: answerSchema(endpoint), default: problemAnswer },
  };
}

/** Every message that the endpoints' schemas refer to, as schemas with an `$id`. */
export function sharedSchemas(endpoints: readonly Endpoint[]): readonly JsonSchema[] {
  const found = new Map<string, JsonSchema>();
  const add = (desc: DescMessage, direction: 'in' | 'out') => {
    const $id = schemaId(desc, direction);
    if (found.has($id) || desc.typeName.startsWith('google.')) return;
    found.set($id, { $id, ...messageSchema(desc, direction) });
    for (const field of desc.fields) if (field.message !== undefined) add(field.message, direction);
  };
  for (const endpoint of endpoints) {
    if (endpoint.shape !== 'upload') add(endpoint.input, 'in');
    if (endpoint.shape !== 'download') add(endpoint.output, 'out');
  }
  return [...found.values()];
}

function parameters({ input }: Endpoint, names: readonly string[]): JsonSchema {
  const known = names.flatMap((name) => {
    const field = findField(input, name);
    return field === undefined ? [] : [{ name, field }];
  });
  return {
    type: 'object',
    properties: Object.fromEntries(known.map(({ name, field }) => [name, fieldSchema(field, 'in')])),
    required: known.filter(({ field }) => rulesOf(field)?.required).map(({ name }) => name),
  };
}

/** Fields that come as query parameters: all but those of the path, when there is no body. */
function queryNames(endpoint: Endpoint): readonly string[] {
  if (endpoint.body === '*') return [];
  const file = endpoint.shape === 'upload' ? fileFields(endpoint.input) : undefined;
  return endpoint.input.fields
    .filter((field) => field.fieldKind !== 'map' && field !== file?.data && field !== file?.contentType)
    .filter((field) => field.message === undefined || field.message.typeName === 'google.protobuf.Timestamp')
    .map((field) => field.name)
    .filter((name) => name !== endpoint.body && !endpoint.path.variables.includes(name));
}

function headerSchemas({ verb, contract }: Endpoint): { readonly properties: JsonSchema } & JsonSchema {
  const required: string[] = [];
  const properties: Record<string, JsonSchema> = {};
  const add = (name: string, must: boolean, description: string) => {
    properties[name] = { type: 'string', description };
    if (must) required.push(name);
  };
  if (verb === 'POST' && contract.changing)
    add('Idempotency-Key', true, 'Your own key of this request; sending it again repeats nothing.');
  if (contract.updating) add('If-Match', true, 'ETag of the record as you read it, or *.');
  if (verb === 'GET') add('If-None-Match', false, 'ETag; answers 304 when the record is still the same.');
  add('X-Purpose', false, 'What the data is needed for.');
  return { type: 'object', properties, required };
}

function bodySchema(endpoint: Endpoint): JsonSchema | undefined {
  if (endpoint.shape === 'upload')
    return { content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
  if (endpoint.body === undefined) return undefined;
  const field = endpoint.body === '*' ? undefined : findField(endpoint.input, endpoint.body)?.message;
  if (field !== undefined) return { $ref: `${schemaId(field, 'in')}#` };
  const elsewhere = [...endpoint.path.variables, ...(endpoint.verb === 'PATCH' ? [maskField] : [])];
  if (elsewhere.length === 0) return { $ref: `${schemaId(endpoint.input, 'in')}#` };
  return messageSchema(endpoint.input, 'in', elsewhere);
}

function answerSchema(endpoint: Endpoint): JsonSchema {
  if (endpoint.shape === 'download') {
    return { description: 'The file.', content: { '*/*': { schema: { type: 'string', format: 'binary' } } } };
  }
  const schema = { $ref: `${schemaId(endpoint.output, 'out')}#` };
  return { description: commentOf(endpoint.output) || 'Done.', content: { 'application/json': { schema } } };
}

const problemAnswer: JsonSchema = {
  description: 'A problem document (RFC 9457).',
  content: { 'application/problem+json': { schema: { $ref: `${problemId}#` } } },
};
