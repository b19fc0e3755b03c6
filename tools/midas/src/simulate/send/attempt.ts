import { isUserError, userError } from '../../errors.ts';
import { purposeOf } from '../plan/actors.ts';
import { isRef, type Path, type Post, type Step } from '../plan/step.ts';
import { type Answer, type Http, textAt } from './http.ts';
import type { Done } from './journal.ts';
import type { Tokens } from './tokens.ts';

export interface Sending {
  readonly gatewayUrl: string;
  readonly http: Http;
  readonly tokens: Tokens;
  /** Makes idempotency keys of this year differ from another's. */
  readonly seed: number;
  /** Results of the steps done so far. */
  readonly done: ReadonlyMap<string, Done>;
}

/** What one try of a step gave: its result, or a pause and why. */
export type Outcome = { readonly done: Done } | { readonly again: string; readonly afterMs?: number };

/** Tries a step once. Throws a user error for an answer that trying again would not change. */
export async function attempt(step: Step, sending: Sending): Promise<Outcome> {
  try {
    return step.kind === 'post' ? await post(step, sending) : await findCase(step, sending);
  } catch (cause) {
    if (isUserError(cause) && !isTemporarySignIn(cause)) throw cause;
    return { again: isUserError(cause) ? cause.message : 'the gateway or Keycloak cannot be reached' };
  }
}

const isTemporarySignIn = (error: Error): boolean => 'status' in error && Number(error.status) >= 500;

async function post(step: Post, sending: Sending): Promise<Outcome> {
  let match: string | undefined;
  if (step.match) {
    const etag = await etagFor(step, step.match, sending);
    if (typeof etag !== 'string') return etag;
    match = etag;
  }
  const answer = await send(step, sending, 'POST', pathOf(step.path, sending), {
    'content-type': 'application/json',
    'idempotency-key': `replay/${sending.seed}/${step.id}`,
    ...(match === undefined ? {} : { 'if-match': match }),
  });
  const id = textAt(answer.json, step.answer);
  const etag = answer.header('etag');
  if (answer.status < 300 && id !== undefined) return { done: etag === undefined ? { id } : { id, etag } };
  if (answer.status < 300) throw stopped(step, answer, `answered without ${step.answer}`);
  return refused(step, answer, sending);
}

async function etagFor(
  step: Post,
  match: NonNullable<Post['match']>,
  sending: Sending,
): Promise<string | Outcome> {
  if ('etagOf' in match) return sending.done.get(match.etagOf)?.etag ?? '*';
  const answer = await send(step, sending, 'GET', pathOf(match.read, sending), {});
  if (answer.status !== 200) return refused(step, answer, sending);
  return answer.header('etag') ?? '*';
}

async function findCase(step: Extract<Step, { kind: 'find-case' }>, sending: Sending): Promise<Outcome> {
  const referral = resultOf(step.referral.ref, sending);
  const answer = await send(step, sending, 'GET', `/v1/cases?referral_id=${referral}`, {});
  if (answer.status !== 200) return refused(step, answer, sending);
  const cases =
    typeof answer.json === 'object' && answer.json && 'cases' in answer.json ? answer.json.cases : [];
  const id = Array.isArray(cases) ? textAt(cases[0], 'case_id') : undefined;
  return id === undefined ? { again: 'the case is not open yet' } : { done: { id } };
}

async function send(
  step: Step,
  { gatewayUrl, http, tokens, done }: Sending,
  method: 'GET' | 'POST',
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<Answer> {
  const token = await tokens.of(step.actor);
  return http({
    method,
    url: `${gatewayUrl}${path}`,
    headers: {
      ...headers,
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'x-purpose': purposeOf(step.actor),
    },
    ...(method === 'POST' && step.kind === 'post'
      ? { body: JSON.stringify(withResults(step.body, done)) }
      : {}),
  });
}

/** Refusals that pass: too many, a service away, our own earlier try still under way, a record just changed by an event. */
function refused(step: Step, answer: Answer, { tokens }: Sending): Outcome {
  const slug = textAt(answer.json, 'slug') ?? '';
  if (answer.status === 401) {
    tokens.forget(step.actor);
    return { again: 'the token was refused' };
  }
  const passes =
    [412, 429, 502, 503, 504].includes(answer.status) ||
    (answer.status === 409 && slug === 'idempotency-key-in-flight');
  if (!passes) throw stopped(step, answer, slug);
  const seconds = Number(answer.header('retry-after'));
  return { again: `${answer.status} ${slug}`, ...(seconds > 0 ? { afterMs: seconds * 1000 } : {}) };
}

/** Names the step, never the person it is about: violations carry field names and rules only. */
function stopped(step: Step, { status, json }: Answer, slug: string): Error {
  const found = typeof json === 'object' && json && 'violations' in json ? json.violations : [];
  const fields = (Array.isArray(found) ? found : [])
    .map((one) => textAt(one, 'field'))
    .filter((one) => one !== undefined);
  const where = fields.length > 0 ? ` (${fields.join(', ')})` : '';
  const trace = textAt(json, 'instance');
  return userError(
    `The replay stopped at ${step.id}, sent by ${step.actor}: ${status} ${slug}${where}.`,
    `${trace ? `The logs tell more under ${trace}. ` : ''}Started again, the replay goes on from there.`,
  );
}

function resultOf(step: string, { done }: Pick<Sending, 'done'>): string {
  const result = done.get(step);
  if (!result) throw new Error(`The result of ${step} is not known yet.`);
  return result.id;
}

const pathOf = (path: Path, sending: Pick<Sending, 'done'>): string =>
  path.map((piece) => (typeof piece === 'string' ? piece : resultOf(piece.ref, sending))).join('');

/** A body with the ids of earlier answers in place of the references to them. */
function withResults(value: unknown, done: Sending['done']): unknown {
  if (isRef(value)) return resultOf(value.ref, { done });
  if (Array.isArray(value)) return value.map((one) => withResults(one, done));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, withResults(inner, done)]));
}
