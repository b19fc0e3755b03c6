import { isDeepStrictEqual } from 'node:util';
import { fail, localDate } from '@midas/kit/rules';
import type { HearMaracReferralRequest, ReferToMaracRequest } from '@midas/proto/risk/v1/risk';
import { findRepeats, type RepeatRule, type Wording } from './repeat.ts';

/** A MARAC referral: what was sent, who it is about, what the repeat rule found, and what the meeting noted. */
export interface MaracReferral {
  readonly id: string;
  /** 1 when referred; each event of it counts one more. */
  readonly version: number;
  /** Organisation that referred. */
  readonly organisation: string;
  /** Subject of the token that referred. */
  readonly recordedBy: string;
  readonly sourceSystem: string | null;
  readonly sourceReference: string | null;
  readonly status: 'REFERRED' | 'HEARD';
  readonly referredAt: Date;
  readonly recordedAt: Date;
  readonly heardAt: Date | null;
  /** The whole request, as sent. */
  readonly sent: ReferToMaracRequest;
  readonly minutes: string | null;
  /** Null until the persons are identified. */
  readonly victimPersonId: string | null;
  readonly perpetratorPersonIds: string[];
  /** The finding and the settings it was made under; null until it is made. */
  readonly repeat: boolean | null;
  readonly repeatWindowMonths: number | null;
  readonly repeatWording: Wording | null;
}

interface Referring extends Pick<MaracReferral, 'id' | 'organisation' | 'recordedBy' | 'sent'> {
  readonly now: Date;
}

/**
 * A new referral. Refuses (400) half a source reference, and an incident on a later day (Europe/London) than the
 * referral that names it.
 */
export function referToMarac({ id, organisation, recordedBy, sent, now }: Referring): MaracReferral {
  requireWholeSource(sent);
  const referredAt = sent.referredAt ?? now;
  if (localDate(incidentTime(sent)) > localDate(referredAt)) {
    fail(
      'invalid',
      'incident-after-referral',
      'The incident that led to a referral cannot be later than it.',
      [
        {
          field: 'incident.occurred_at',
          rule: 'incident-after-referral',
          message: 'must not be later than referred_at',
        },
      ],
    );
  }
  return {
    id,
    version: 1,
    organisation,
    recordedBy,
    sourceSystem: sent.sourceSystem || null,
    sourceReference: sent.sourceReference || null,
    status: 'REFERRED',
    referredAt,
    recordedAt: now,
    heardAt: null,
    sent,
    minutes: null,
    victimPersonId: null,
    perpetratorPersonIds: [],
    repeat: null,
    repeatWindowMonths: null,
    repeatWording: null,
  };
}

/**
 * Who sends twice doubles nothing: the same content under the same reference is the referral that is already here.
 * Other content under it, or a colleague's reference, is refused alike (409); another agency's references are its own.
 */
export function requireSameSending(existing: MaracReferral, repeated: MaracReferral): void {
  if (existing.recordedBy === repeated.recordedBy && isDeepStrictEqual(existing.sent, repeated.sent)) return;
  fail(
    'conflict',
    'source-reference-reused',
    'This source_reference was already sent, with other content or by a colleague.',
  );
}

/** The referral as it was when it was made: what is answered to whoever sends it again. */
export const asReferred = (referral: MaracReferral): MaracReferral => ({
  ...referral,
  version: 1,
  status: 'REFERRED',
  heardAt: null,
  minutes: null,
  repeat: null,
  repeatWindowMonths: null,
  repeatWording: null,
});

/** The meeting heard it; 409 when it did already, 400 when that lies before the referral. */
export function hear(referral: MaracReferral, request: HearMaracReferralRequest, now: Date): MaracReferral {
  if (referral.status !== 'REFERRED')
    fail('conflict', 'marac-already-heard', 'This referral has been heard already.');
  const heardAt = request.heardAt ?? now;
  if (heardAt < referral.referredAt) {
    fail('invalid', 'heard-before-referral', 'A referral cannot be heard before it was made.', [
      { field: 'heard_at', rule: 'heard-before-referral', message: 'must not be earlier than referred_at' },
    ]);
  }
  return {
    ...referral,
    version: referral.version + 1,
    status: 'HEARD',
    heardAt,
    minutes: request.minutes || null,
  };
}

/** A referral whose persons are known, the victim first. */
export function identified(
  referral: MaracReferral,
  [victimPersonId, ...perpetratorPersonIds]: readonly string[],
): MaracReferral {
  const unique = [...new Set(perpetratorPersonIds)];
  return { ...referral, victimPersonId: victimPersonId ?? null, perpetratorPersonIds: unique };
}

/**
 * The referrals of one victim whose finding the rule changes, as they then are: those never found before, found
 * otherwise, or found under other settings. A referral whose persons are not identified yet has no finding.
 */
export function changedFindings(
  ofVictim: readonly MaracReferral[],
  rule: RepeatRule,
): readonly MaracReferral[] {
  const findings = findRepeats(
    ofVictim.map(({ id, referredAt, perpetratorPersonIds, sent }) => ({
      id,
      referredAt,
      perpetratorIds: perpetratorPersonIds,
      incidentAt: incidentTime(sent),
      criminal: sent.incident?.criminal ?? false,
    })),
    rule,
  );
  return ofVictim
    .map((referral) => ({
      ...referral,
      repeat: findings.get(referral.id) ?? false,
      repeatWindowMonths: rule.windowMonths,
      repeatWording: rule.wording,
    }))
    .filter((found, index) => !sameFinding(found, ofVictim[index]))
    .map((found) => ({ ...found, version: found.version + 1 }));
}

function sameFinding(found: MaracReferral, before: MaracReferral | undefined): boolean {
  return (
    found.repeat === before?.repeat &&
    found.repeatWindowMonths === before.repeatWindowMonths &&
    found.repeatWording === before.repeatWording
  );
}

function incidentTime({ incident }: ReferToMaracRequest): Date {
  return (
    incident?.occurredAt ??
    fail('invalid', 'incident-required', 'A MARAC referral names the incident behind it.')
  );
}

function requireWholeSource({ sourceSystem, sourceReference }: ReferToMaracRequest): void {
  if ((sourceSystem === '') === (sourceReference === '')) return;
  const field = sourceSystem === '' ? 'source_system' : 'source_reference';
  fail(
    'invalid',
    'source-reference-incomplete',
    'Send source_system and source_reference together, or neither.',
    [{ field, rule: 'both_or_neither', message: 'must be sent when the other one is' }],
  );
}
