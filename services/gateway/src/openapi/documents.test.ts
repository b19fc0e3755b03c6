import { registry } from '@midas/kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Endpoint, readEndpoints } from '../contract/endpoint.ts';
import { type TestGateway, testGateway } from '../testing/gateway.ts';
import { probeRegistry } from '../testing/probe.ts';

interface Operation {
  readonly operationId: string;
  readonly description?: string;
  readonly security?: readonly object[];
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: object;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> };
  readonly responses: Readonly<Record<string, { readonly content?: object }>>;
  readonly 'x-midas-access': object;
}
interface OpenApi {
  readonly openapi: string;
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, { readonly properties: Readonly<Record<string, object>> }>>;
  };
}

const endpoints = readEndpoints(registry);
let gateway: TestGateway;
let document: OpenApi;

const documentOf = async ({ app }: TestGateway): Promise<OpenApi> =>
  (await app.inject('/openapi.json')).json();
const operation = (verb: string, path: string, from = document): Operation => {
  const found = from.paths[path]?.[verb];
  if (found === undefined) throw new Error(`${verb} ${path} is not documented`);
  return found;
};

beforeAll(async () => {
  gateway = await testGateway(endpoints, {});
  document = await documentOf(gateway);
});
afterAll(() => gateway.stop());

describe('/openapi.json', () => {
  it('documents every RPC that has a path, and nothing else', () => {
    expect(document.openapi).toBe('3.1.0');
    const documented = Object.entries(document.paths).flatMap(([path, verbs]) =>
      Object.keys(verbs).map((verb) => `${verb} ${path}`),
    );
    const served = endpoints.map(({ verb, path }: Endpoint) => `${verb.toLowerCase()} ${path.template}`);
    expect(documented.sort()).toEqual(served.sort());
  });

  it('has no reference that leads nowhere', () => {
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(
      (match) => match[1] ?? '',
    );
    expect(references.length).toBeGreaterThan(50);
    for (const reference of references) {
      const name = /^#\/components\/schemas\/(.+)$/.exec(reference)?.[1];
      expect(document.components.schemas, reference).toHaveProperty([name ?? reference]);
    }
  });

  it('says who may call, and what the proto file says', () => {
    const accept = operation('post', '/v1/referrals/{referral_id}:accept');
    expect(accept['x-midas-access']).toEqual({ kind: 'permission', action: 'triage', subject: 'Referral' });
    expect(accept.description).toBe('Accepts a submitted referral; `case` opens a case for it.');
    expect(Object.keys(accept.responses)).toEqual(['200', 'default']);
    expect(Object.keys(operation('post', '/v1/referrals').responses)).toEqual(['201', 'default']);
  });

  it('names the parameters in path, query and headers', () => {
    const named = (path: string, verb: string) =>
      (operation(verb, path).parameters ?? [])
        .map(({ in: where, name, required }) => `${where} ${name}${required ? '!' : ''}`)
        .sort();
    expect(named('/v1/referrals/{referral_id}:accept', 'post')).toEqual([
      'header Idempotency-Key!',
      'header If-Match!',
      'header X-Purpose',
      'path referral_id!',
    ]);
    expect(named('/v1/referrals', 'get')).toEqual([
      'header If-None-Match',
      'header X-Purpose',
      'query page_size',
      'query page_token',
      'query status',
    ]);
  });

  it('carries the rules of the fields', () => {
    const particulars = document.components.schemas['common.v1.ParticularsInput'];
    expect(particulars).toMatchObject({
      required: ['family_name'],
      additionalProperties: false,
      properties: {
        family_name: { type: 'string', minLength: 1, maxLength: 100, 'x-midas-privacy': 'PERSONAL' },
        nhs_number: {
          format: 'nhs-number',
          description: expect.stringContaining('ten digits with a correct check digit'),
        },
        gender: { enum: ['GENDER_UNSPECIFIED', 'GENDER_FEMALE', 'GENDER_MALE', 'GENDER_OTHER'] },
        address: { $ref: '#/components/schemas/common.v1.AddressInput' },
      },
    });
    expect(document.components.schemas['referral.v1.ReportIncidentRequest']).toMatchObject({
      properties: {
        source_reference: { pattern: '^[A-Za-z0-9._/-]+$', maxLength: 64 },
        kind: { enum: ['INCIDENT_KIND_CRIME', 'INCIDENT_KIND_NON_CRIME'] },
        occurred_at: { type: 'string', format: 'date-time' },
        perpetrators: { type: 'array', maxItems: 10 },
      },
    });
    expect(operation('get', '/v1/referrals').parameters).toContainEqual(
      expect.objectContaining({
        name: 'page_size',
        schema: expect.objectContaining({ type: 'integer', minimum: 0, maximum: 200 }),
      }),
    );
  });

  it('requires nothing of an answer that could be masked', () => {
    expect(document.components.schemas['common.v1.Particulars']).not.toHaveProperty('required');
  });

  it('holds no example, and nothing that could be of a person', () => {
    const names: string[] = [];
    const texts: string[] = [];
    const walk = (value: unknown): void => {
      if (typeof value === 'string') texts.push(value);
      if (typeof value !== 'object' || value === null) return;
      for (const [name, inner] of Object.entries(value)) {
        names.push(name);
        walk(inner);
      }
    };
    walk(document);
    expect(names.filter((name) => ['example', 'examples'].includes(name))).toEqual([]);
    const ofPerson =
      /\b\d{3}[ -]?\d{3}[ -]?\d{4}\b|(?:\+44|\b0)7\d{3}|[\w.]+@[\w-]+\.\w+|\b[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}\b/;
    expect(texts.filter((text) => ofPerson.test(text))).toEqual([]);
  });

  it('leaves path variables out of the body', () => {
    const body = operation('post', '/v1/cases/{case_id}:allocate').requestBody?.content['application/json']
      ?.schema;
    expect(body).toMatchObject({
      required: ['worker', 'team'],
      properties: expect.not.objectContaining({ case_id: expect.anything() }),
    });
  });

  it('shows files, PATCH and what is open to all, when the contract has them', async () => {
    const probe = await testGateway(readEndpoints(probeRegistry()), {});
    const more = await documentOf(probe);
    expect(operation('post', '/v1/feeds/{feed_id}:send', more).requestBody?.content).toEqual({
      '*/*': { schema: { type: 'string', format: 'binary' } },
    });
    expect(operation('get', '/v1/feeds/{probe_id}:take', more).responses['200']?.content).toEqual({
      '*/*': { schema: { type: 'string', format: 'binary' } },
    });
    expect(operation('get', '/v1/probes', more).security).toEqual([]);
    const patch = operation('patch', '/v1/probes/{probe_id}', more).requestBody?.content['application/json']
      ?.schema;
    expect(Object.keys(Object(patch).properties)).toEqual(['text', 'inner']);
    await probe.stop();
  });
});

describe('/docs', () => {
  it('is a page that loads everything from this server, under a policy that allows nothing else', async () => {
    const page = await gateway.app.inject('/docs/');
    expect(page.statusCode).toBe(200);
    const policy = String(page.headers['content-security-policy']);
    expect(policy).toContain("default-src 'none'; script-src 'self';");
    expect(page.body).not.toMatch(/(?:src|href)="https?:/);
    const scripts = [...page.body.matchAll(/<script(?:[^>]*src="([^"]+)")?[^>]*>([^<]*)</g)];
    expect(scripts.length).toBeGreaterThan(0);
    for (const [, source, inline] of scripts) {
      expect(inline?.trim()).toBe('');
      const file = await gateway.app.inject(new URL(source ?? '', 'http://x/docs/').pathname);
      expect([source, file.statusCode]).toEqual([source, 200]);
    }
  });

  it('reads the document from /openapi.json', async () => {
    expect((await gateway.app.inject('/docs/static/swagger-initializer.js')).body).toContain('/openapi.json');
  });
});
