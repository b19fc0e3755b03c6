import { randomBytes } from 'node:crypto';
import { type OtlpReceiver, testToken, waitFor } from '@midas/kit/testing';
import type { Platform } from '../setup/platform.ts';
import { ask } from '../setup/rest.ts';
import { rowsOf, settled } from '../setup/rows.ts';
import { normaliser } from './alike.ts';
import { callOf, type Ids, survivorSide } from './calls.ts';
import { type Couple, wordsOf } from './couples.ts';
import { mark, type Observed, since } from './observed.ts';

export const facilitator = 'programme-facilitator@provider';
export const manager = 'programme-manager@provider';
export const participants = '/v1/programme/participants';
export const enrolmentOf = ({ participant, partner }: Couple) => ({
  participant,
  partner,
  route: 'PROGRAMME_REFERRAL_ROUTE_PROBATION',
  occurred_at: '2018-01-02T09:00:00Z',
});

/** What a run could observe, made comparable with that of any other couple. */
export interface Run extends Observed {
  readonly answers: readonly string[];
  readonly participantIds: readonly string[];
}

type Send = (
  user: string,
  verb: string,
  url: string,
  body?: unknown,
  headers?: Readonly<Record<string, string>>,
) => Promise<Readonly<Record<string, string>>>;

// The caller's own calls within the minute, and the clock; the length is that of the text, which is compared itself.
const untold = ['date', 'content-length', 'ratelimit-remaining', 'ratelimit-reset'];

/**
 * One life of a couple at the programme, as its staff lead it through everything that they can call: what goes well,
 * what is refused, and every path of the other side, about the records `held` there. Each step is done on both
 * sides of the wall before the next begins.
 */
export async function run(platform: Platform, receiver: OtlpReceiver, pair: Couple, held: Ids): Promise<Run> {
  const answers: string[] = [];
  const traces: string[] = [];
  const send: Send = async (user, verb, url, body, headers = {}) => {
    const trace = randomBytes(16).toString('hex');
    traces.push(trace);
    const answer = await ask(`${platform.gatewayUrl}${url}`, {
      method: verb,
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
      headers: {
        authorization: `Bearer ${await testToken(user)}`,
        traceparent: `00-${trace}-${trace.slice(16)}-01`,
        ...(verb === 'POST' ? { 'idempotency-key': crypto.randomUUID() } : {}),
        ...headers,
      },
    });
    const told = [...answer.headers].filter(([name]) => !untold.includes(name));
    const lines = told.map(([name, value]) => `${name}: ${value}`);
    answers.push([`${user} ${verb} ${url} ${answer.status}`, ...lines, answer.text].join('\n'));
    if (verb !== 'GET' && answer.status < 300) await settled(platform);
    return answer.text === '' ? {} : JSON.parse(answer.text);
  };

  await settled(platform);
  const before = await mark(platform);
  const participantIds = await live(send, pair);
  for (const user of [facilitator, manager]) {
    await lookAround(send, user, pair, participantIds);
    await keep(send, user, participantIds);
    for (const method of survivorSide) {
      const { verb, url, body, headers } = callOf(method, held);
      await send(user, verb, url, body, headers);
    }
  }
  await settled(platform);
  await matched(platform, participantIds);
  const observed = await since(before, platform, receiver, traces);
  const comparable = normaliser(wordsOf(pair));
  return {
    participantIds,
    answers: answers.map(comparable),
    events: observed.events.map(comparable),
    rows: observed.rows.map(comparable),
    logs: observed.logs.map(comparable),
    metrics: observed.metrics.map(comparable),
    spans: observed.spans.map(comparable),
  };
}

/** Enrols the participant twice, with either member of staff, and does for the first what is done for one. */
async function live(send: Send, pair: Couple): Promise<readonly string[]> {
  const enrolment = enrolmentOf(pair);
  const again = { 'idempotency-key': crypto.randomUUID() };
  const { participant_id: own = '' } = await send(facilitator, 'POST', participants, enrolment, again);
  await send(facilitator, 'POST', participants, enrolment, again);
  await send(facilitator, 'POST', participants, { ...enrolment, partner: undefined });
  const sessions = [
    { held_at: '2018-01-09T18:00:00Z', attended: true },
    { held_at: '2018-01-16T18:00:00Z' },
    // Recorded already; before enrolment; no time at all.
    { held_at: '2018-01-16T18:00:00Z', attended: true },
    { held_at: '2018-01-01T18:00:00Z', attended: true },
    { attended: true },
  ];
  for (const each of sessions) await send(facilitator, 'POST', `${participants}/${own}/sessions`, each);
  for (const kind of ['THREAT', 'RISK_CHANGE', 'DISENGAGEMENT', 'UNHEARD_OF']) {
    const signal = { kind: `RISK_SIGNAL_KIND_${kind}`, detail: 'Said something' };
    const occurred_at = '2018-01-17T18:00:00Z';
    await send(facilitator, 'POST', `${participants}/${own}/risk-signals`, { ...signal, occurred_at });
  }
  const { participant_id: ofManager = '' } = await send(manager, 'POST', participants, enrolment);
  return [own, ofManager];
}

/** Reads, lists and searches, within and beyond what the caller may see. */
async function lookAround(
  send: Send,
  user: string,
  { participant, partner }: Couple,
  ids: readonly string[],
): Promise<void> {
  for (const id of [...ids, crypto.randomUUID()]) await send(user, 'GET', `${participants}/${id}`);
  const { next_page_token: token = '' } = await send(user, 'GET', `${participants}?page_size=1`);
  if (user === manager) await send(user, 'GET', `${participants}?page_size=1&page_token=${token}`);
  await send(user, 'GET', `${participants}?page_token=nonsense`);
  const sought = [
    { nhs_number: participant.nhs_number },
    { family_name: participant.family_name, birth_date: participant.birth_date },
    { nhs_number: partner.nhs_number },
    { family_name: partner.family_name, birth_date: partner.birth_date },
    { family_name: partner.family_name },
  ];
  for (const each of sought) await send(user, 'POST', `${participants}:search`, each);
  const session = { held_at: '2018-01-23T18:00:00Z', attended: user === facilitator };
  await send(user, 'POST', `${participants}/${ids[0]}/sessions`, session);
  await send(user, 'GET', '/openapi.json');
}

/** Exports, holds and erases: the first participant is kept by a hold that is lifted again, the other one erased. */
async function keep(send: Send, user: string, [held, erased]: readonly string[]): Promise<void> {
  const any = { 'if-match': '*' };
  const reason = { reason: 'A claim is before the court' };
  const ground = { ground: 'ERASURE_GROUND_REQUEST_OF_PARTICIPANT' };
  const early = { ground: 'ERASURE_GROUND_RETENTION_ENDED' };
  await send(user, 'GET', `${participants}/${held}:export`);
  await send(user, 'GET', `${participants}:due?page_size=1`);
  await send(user, 'POST', `${participants}/${held}:hold`, reason, any);
  await send(user, 'POST', `${participants}/${held}:erase`, early, any);
  await send(user, 'POST', `${participants}/${held}:liftHold`, reason, any);
  await send(user, 'POST', `${participants}/${erased}:erase`, ground, any);
  await send(user, 'GET', `${participants}/${erased}`);
}

/** The survivor side's own copy of what was told of participants: whom each of it concerns. */
export const signalsOf = (platform: Platform, ids: readonly string[]) =>
  rowsOf(
    platform,
    'case',
    `SELECT matched_at, partner_person_id FROM programme_signal
     WHERE participant_id IN (${ids.map((id) => `'${id}'`).join()})`,
  );

async function matched(platform: Platform, ids: readonly string[]): Promise<void> {
  const isMatched = async (): Promise<boolean> =>
    (await signalsOf(platform, ids)).every(({ matched_at: at }) => at !== null);
  await waitFor(isMatched, { what: 'every signal to be matched', timeoutMs: 30_000 });
}
