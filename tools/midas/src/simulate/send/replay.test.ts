import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentProgress } from '../../progress/index.ts';
import { type Post, ref, type Step } from '../plan/step.ts';
import { openJournal } from './journal.ts';
import { replay } from './replay.ts';

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}
interface Reply {
  readonly status: number;
  readonly json: unknown;
  readonly headers?: Record<string, string>;
}

/** A gateway that answers from a script: what a real one rarely does on demand is refuse, time out and fall over. */
let answers: (seen: Seen, nth: number) => Reply | 'hang up';
let calls: Seen[];
let signIns: string[];
let server: Server;
let home: string;

beforeEach(async () => {
  calls = [];
  signIns = [];
  home = mkdtempSync(join(tmpdir(), 'replay-'));
  server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const seen = { method, url, headers, body: Buffer.concat(chunks).toString() };
      if (url === '/token') {
        signIns.push(seen.body);
        response.end(JSON.stringify({ access_token: `token-${signIns.length}`, expires_in: 300 }));
        return;
      }
      calls.push(seen);
      const reply = answers(seen, calls.length);
      if (reply === 'hang up') {
        request.socket.destroy();
        return;
      }
      response.writeHead(reply.status, { 'content-type': 'application/json', ...reply.headers });
      response.end(JSON.stringify(reply.json));
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => {
    server.close(resolve);
  });
  rmSync(home, { recursive: true, force: true });
});

const submit: Post = {
  kind: 'post',
  id: 'r/1/submit',
  at: '2017-05-01T09:00:00Z',
  actor: 'partner-police',
  path: ['/v1/referrals'],
  body: { kind: 'X' },
  answer: 'referral_id',
};
const accept: Post = {
  kind: 'post',
  id: 'r/1/accept',
  at: '2017-05-02T09:00:00Z',
  actor: 'intake-worker@provider',
  path: ['/v1/referrals/', ref('r/1/submit'), ':accept'],
  body: {},
  answer: 'referral_id',
  match: { read: ['/v1/referrals/', ref('r/1/submit')] },
};

async function run(steps: readonly Step[], patienceMs = 5000): Promise<void> {
  const { port } = server.address() as AddressInfo;
  const url = `http://127.0.0.1:${port}`;
  const journal = openJournal(home, 'year');
  const credentials = { tokenUrl: `${url}/token`, password: 'p', secrets: { 'partner-police': 's' } };
  try {
    await replay(steps, {
      gatewayUrl: url,
      credentials,
      seed: 7,
      journal,
      progress: silentProgress,
      patienceMs,
    });
  } finally {
    journal.close();
  }
}

const ok = (id = 'id-1', etag = '"e1"'): Reply => ({
  status: 200,
  json: { referral_id: id },
  headers: { etag },
});
const problem = (status: number, slug: string, headers = {}): Reply => ({
  status,
  json: {
    slug,
    status,
    detail: 'Mary Example, ME4 4UH',
    violations: [{ field: 'person.nhs_number', message: 'x' }],
  },
  headers,
});

describe('the replay', () => {
  it('signs in as each actor once and sends key, match and ids of earlier answers', async () => {
    answers = () => ok('id-9', '"abc"');
    await run([submit, accept]);
    expect(calls.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'POST /v1/referrals',
      'GET /v1/referrals/id-9',
      'POST /v1/referrals/id-9:accept',
    ]);
    expect(calls[0]?.headers).toMatchObject({
      authorization: 'Bearer token-1',
      'idempotency-key': 'replay/7/r/1/submit',
    });
    expect(calls[2]?.headers).toMatchObject({ authorization: 'Bearer token-2', 'if-match': '"abc"' });
    expect(signIns).toEqual([
      'grant_type=client_credentials&client_id=partner-police&client_secret=s',
      'grant_type=password&client_id=midas-demo&username=intake-worker%40provider&password=p',
    ]);
  });

  it.each([
    ['too many requests', problem(429, 'rate-limit', { 'retry-after': '0' })],
    ['a service away', problem(503, 'unavailable')],
    ['a time-out', problem(504, 'timeout')],
    ['its own earlier try still under way', problem(409, 'idempotency-key-in-flight')],
    ['a lost connection', 'hang up' as const],
  ])('tries again with the same key after %s', async (_, reply) => {
    answers = (_seen, nth) => (nth < 3 ? reply : ok());
    await run([submit]);
    expect(calls.map(({ headers }) => headers['idempotency-key'])).toEqual(
      Array(3).fill('replay/7/r/1/submit'),
    );
  });

  it('reads the record again when it has changed since', async () => {
    let etag = 0;
    answers = ({ method, url, headers }) => {
      if (method === 'GET') {
        etag += 1;
        return ok('id-1', `"${etag}"`);
      }
      return url.endsWith(':accept') && headers['if-match'] === '"1"' ? problem(412, 'stale') : ok();
    };
    await run([submit, accept]);
    expect(calls.at(-1)?.headers['if-match']).toBe('"2"');
  });

  it('asks for a new token when one is refused', async () => {
    answers = ({ headers }) =>
      headers.authorization === 'Bearer token-1' ? problem(401, 'unauthenticated') : ok();
    await run([submit]);
    expect(signIns).toHaveLength(2);
  });

  it('waits for the case that an event opens', async () => {
    answers = ({ method }, nth) =>
      method === 'POST'
        ? ok('id-5')
        : { status: 200, json: { cases: nth < 5 ? [] : [{ case_id: 'case-1' }] } };
    await run([
      submit,
      {
        kind: 'find-case',
        id: 'r/1/case',
        at: submit.at,
        actor: 'm@provider',
        referral: ref(submit.id),
        after: [],
      },
    ]);
    expect(calls.at(-1)?.url).toBe('/v1/cases?referral_id=id-5');
    expect(openJournal(home, 'year').done.get('r/1/case')).toEqual({ id: 'case-1' });
  });

  it('stops at any other problem, names the step and the field, and no person', async () => {
    answers = () => problem(400, 'invalid');
    const stopped = run([submit]);
    await expect(stopped).rejects.toThrow(
      'The replay stopped at r/1/submit, sent by partner-police: 400 invalid (person.nhs_number).',
    );
    await expect(stopped).rejects.not.toThrow(/Mary|ME4/);
    expect(calls).toHaveLength(1);
  });

  it('gives up on a trouble that does not pass', async () => {
    answers = () => problem(503, 'unavailable');
    await expect(run([submit], 100)).rejects.toThrow('r/1/submit');
  });

  it('goes on where it stopped, and sends nothing twice', async () => {
    answers = ({ url }) => (url.endsWith(':accept') ? problem(500, 'internal') : ok('id-3'));
    await expect(run([submit, accept])).rejects.toThrow('r/1/accept');
    calls = [];
    answers = () => ok('id-3');
    await run([submit, accept]);
    expect(calls.map(({ url }) => url)).toEqual(['/v1/referrals/id-3', '/v1/referrals/id-3:accept']);
    calls = [];
    await run([submit, accept]);
    expect(calls).toEqual([]);
  });
});
