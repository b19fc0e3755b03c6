import type { InjectOptions, LightMyRequestResponse } from 'fastify';
import type { TestGateway } from './gateway.ts';

/** A well-formed id, of nothing. */
export const id = '0190a5b0-0000-7000-8000-000000000001';

export const person = { family_name: 'Sample', nhs_number: '9434765919', birth_date: '1985-02-28' };

/** A referral that breaks no rule. */
export const referral = {
  kind: 'REFERRAL_KIND_POLICE',
  support: 'SUPPORT_KIND_IDVA',
  person,
  consent_given: true,
};

type Headers = Readonly<Record<string, string>>;

/** Requests as a caller with a token makes them; a test overrides what it is about. */
export function requests(gateway: () => TestGateway) {
  const send = (options: InjectOptions): Promise<LightMyRequestResponse> =>
    gateway().app.inject({ ...options, headers: { authorization: 'Bearer a.b.c', ...options.headers } });
  return {
    send,
    get: (url: string, headers: Headers = {}) => send({ method: 'GET', url, headers }),
    /** Text is sent as it is, anything else as JSON. */
    post: (url: string, payload: unknown, headers: Headers = {}) =>
      send({
        method: 'POST',
        url,
        payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
        headers: { 'content-type': 'application/json', 'idempotency-key': 'key-1', ...headers },
      }),
  };
}
