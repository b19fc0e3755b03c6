import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeError } from '../log/logger.ts';
import { type Introspect, introspection } from './introspection.ts';

const present = {
  active: true,
  sub: 'sub-1',
  exp: 4e9,
  aud: ['midas', 'service-x'],
  typ: 'Bearer',
  realm_access: { roles: ['a'] },
};
const json = (status: number, body: unknown) => (_: IncomingMessage, response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

let server: Server;
let answer: (request: IncomingMessage, response: ServerResponse) => void;
let asked: { readonly authorization: string | undefined; readonly form: URLSearchParams }[];
let ask: Introspect;

beforeEach(async () => {
  asked = [];
  answer = json(200, present);
  server = createServer(async (request, response) => {
    const form = new URLSearchParams(await text(request));
    asked.push({ authorization: request.headers.authorization, form });
    answer(request, response);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/introspect`;
  ask = introspection({ url, clientId: 'service-x', secret: 'its secret & more' });
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
});

describe('the question whether a token still holds', () => {
  it('is asked as the client of the service, and answered by the claims of today', async () => {
    expect(await ask('the.token')).toMatchObject({ sub: 'sub-1', realm_access: { roles: ['a'] } });
    const [{ authorization, form } = expect.fail('not asked')] = asked;
    expect(form.get('token')).toBe('the.token');
    expect(Buffer.from(authorization?.split(' ')[1] ?? '', 'base64').toString()).toBe(
      'service-x:its%20secret%20%26%20more',
    );
  });

  it('is answered by nothing when the token does not hold, whatever else is said of it', async () => {
    answer = json(200, { active: false });
    expect(await ask('the.token')).toBeUndefined();
    answer = json(200, { ...present, active: false });
    expect(await ask('the.token')).toBeUndefined();
  });

  it.each<[string, () => typeof answer]>([
    ['an error of Keycloak', () => json(500, { error: 'the.token' })],
    ['a client that Keycloak does not know', () => json(401, { error: 'invalid_client' })],
    ['an answer that does not say', () => json(200, { sub: 'sub-1' })],
    ['an answer that says it in words', () => json(200, { ...present, active: 'true' })],
    ['claims of another shape', () => json(200, { active: true })],
    ['a page', () => (_, response) => void response.end('<html>the.token</html>')],
    ['another place', () => (_, response) => void response.writeHead(307, { location: '/other' }).end()],
    ['a broken connection', () => (request) => void request.socket.destroy()],
  ])('is left open by %s, and what is logged of it holds neither token nor secret', async (_, wrong) => {
    answer = wrong();
    const error = await ask('the.token').catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ kind: 'unavailable', slug: 'identity-unavailable' });
    expect(JSON.stringify(describeError(error))).not.toMatch(/the\.token|its secret/);
    expect(asked).toHaveLength(1);
  });
});
