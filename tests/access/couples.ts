import { randomInt } from 'node:crypto';
import { waitFor } from '@midas/kit/testing';
import { syntheticPerson } from '../setup/people.ts';
import type { Platform } from '../setup/platform.ts';
import { ok, rest } from '../setup/rest.ts';
import type { Ids } from './calls.ts';

type Person = ReturnType<typeof syntheticPerson>;

/** Two people: `participant` is on the programme, `partner` is whom the participant names there. */
export interface Couple {
  readonly participant: Person;
  readonly partner: Person;
}

/**
 * A couple of whom no two words are equal, as long in every word as any other couple, so that what is sealed of
 * them must be as long, too.
 */
export function couple(): Couple {
  const person = (gender: string): Person => {
    const address = { lines: [`${randomInt(100, 999)} Nowhere Street`], postcode: 'ME4 4UH' };
    return syntheticPerson({ gender, address });
  };
  const pair = { participant: person('GENDER_MALE'), partner: person('GENDER_FEMALE') };
  const words = Object.values(wordsOf(pair));
  return new Set(words).size === words.length ? pair : couple();
}

/** Every word that is sent of a couple, by where it stands. */
export const wordsOf = (pair: Couple): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(pair).flatMap(([who, { gender: _, address, safe_contact, ...plain }]: [string, Person]) =>
      Object.entries({ ...plain, line: String(address.lines[0]), note: safe_contact.note }).map(
        ([field, value]) => [`${who}.${field}`, value] as const,
      ),
    ),
  );

/**
 * Makes the partner as well known to the service as a survivor can be: an incident, a MARAC referral, an open case
 * with a worker. Answers the ids of what is held of her.
 */
export async function makeKnown(platform: Platform, { participant, partner }: Couple): Promise<Ids> {
  const as = (userName: string) => rest(platform.gatewayUrl, userName);
  const any = { 'if-match': '*' };
  const incident = ok(
    await as('referrer@victim-support').post('/v1/incidents', {
      source_system: 'wall',
      source_reference: crypto.randomUUID(),
      occurred_at: '2017-06-01T21:30:00Z',
      kind: 'INCIDENT_KIND_CRIME',
      victim: partner,
      perpetrators: [participant],
    }),
  );
  const marac = ok(
    await as('marac-representative@police').post('/v1/marac-referrals', {
      victim: partner,
      perpetrators: [participant],
      incident: { occurred_at: '2017-06-01T21:30:00Z', criminal: true },
      criteria: ['MARAC_CRITERION_SCORE'],
      referred_at: '2017-06-03T09:00:00Z',
    }),
  );
  const { referral_id: referralId } = ok(
    await as('referrer@police').post('/v1/referrals', {
      kind: 'REFERRAL_KIND_POLICE',
      support: 'SUPPORT_KIND_IDVA',
      referred_at: '2017-06-05T10:00:00Z',
      person: partner,
      alleged_perpetrators: [participant],
      consent_given: true,
    }),
  );
  const intake = as('intake-worker@provider');
  ok(await intake.post(`/v1/referrals/${referralId}:accept`, { occurred_at: '2017-06-05T14:00:00Z' }, any));
  const services = as('service-manager@provider');
  const { case_id: caseId } = await waitFor(
    async () => ok(await services.get(`/v1/cases?referral_id=${referralId}`)).cases[0],
    { what: 'the case', timeoutMs: 30_000 },
  );
  const allocation = { worker: 'case-worker@provider', team: 'idva', occurred_at: '2017-06-06T09:00:00Z' };
  ok(await services.post(`/v1/cases/${caseId}:allocate`, allocation, any));
  return {
    incident_id: incident.incident_id,
    marac_referral_id: marac.marac_referral_id,
    referral_id: referralId,
    case_id: caseId,
  };
}
