import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';
import type { Endpoint } from '../contract/endpoint.ts';
import { problemId, sharedSchemas } from './route.ts';
import type { JsonSchema } from './rules.ts';

const problemSchema: JsonSchema = {
  $id: problemId,
  type: 'object',
  description: 'What went wrong (RFC 9457).',
  required: ['type', 'title', 'status', 'detail', 'instance', 'slug'],
  properties: {
    type: { type: 'string', format: 'uri' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string', description: 'What is wrong and what to do.' },
    instance: {
      type: 'string',
      format: 'uri',
      description: 'Names the trace of this request; quote it when asking for help.',
    },
    slug: { type: 'string', description: 'Stable name of the problem.' },
    violations: {
      type: 'array',
      description: 'The fields that were refused.',
      items: {
        type: 'object',
        required: ['field', 'rule', 'message'],
        properties: { field: { type: 'string' }, rule: { type: 'string' }, message: { type: 'string' } },
      },
    },
  },
};

const about = `One API over the services of MIDAS, made from their contract.

Numbers, truth values and lists are always present in an answer; text, codes, times and objects are absent when they
have no value. Fields that you may not see are absent and named in \`masked_fields\`. Unknown fields are refused. Every
POST that changes something needs an \`Idempotency-Key\`; a POST that makes a record answers 201. Updates need \`If-Match\`.`;

// The page's own scripts and styles, from this server; the API's answers load nothing at all.
const pagePolicy = {
  'default-src': ["'none'"],
  'script-src': ["'self'"],
  'style-src': ["'self'", "'unsafe-inline'"],
  'img-src': ["'self'", 'data:'],
  'font-src': ["'self'", 'data:'],
  'connect-src': ["'self'"],
  'frame-ancestors': ["'none'"],
  'base-uri': ["'none'"],
  'form-action': ["'none'"],
};

/** Serves `/openapi.json` and the page `/docs`. Must be called before the routes it shall know are made. */
export async function serveDocuments(app: FastifyInstance, endpoints: readonly Endpoint[]): Promise<void> {
  for (const schema of [problemSchema, ...sharedSchemas(endpoints)]) app.addSchema(schema);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'MIDAS', version: '1', description: about },
      components: { securitySchemes: { bearer: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT' } } },
      security: [{ bearer: [] }],
    },
    refResolver: { buildLocalReference: (json) => String(json.$id) },
    // The contract's own path; a colon is doubled because the plugin reads ":name" as a parameter.
    transform: ({ schema, url, route }) => ({
      schema,
      url: route.config?.template?.replaceAll(':', '::') ?? url,
    }),
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: pagePolicy,
    uiConfig: { url: '/openapi.json' },
  });
  let text: string | undefined;
  app.get(
    '/openapi.json',
    { schema: { hide: true }, config: { template: '/openapi.json' } },
    (_request, reply) => {
      text ??= JSON.stringify(app.swagger());
      return reply.type('application/json; charset=utf-8').send(text);
    },
  );
}
