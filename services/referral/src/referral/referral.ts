import { type EnumName, fail } from '@midas/kit/rules';
import type {
  ReferralKind,
  ReferralStatus,
  RejectionReason,
  SubmitReferralRequest,
  SupportKind,
} from '@midas/proto/referral/v1/referral';

/** A referral: what was sent, and where it stands. SUBMITTED until triage accepts or rejects it, then final. */
export interface Referral {
  readonly id: string;
  /** Organisation that referred. */
  readonly organisation: string;
  readonly sourceSystem: string | null;
  readonly sourceReference: string | null;
  readonly kind: EnumName<typeof ReferralKind>;
  readonly support: EnumName<typeof SupportKind>;
  readonly status: EnumName<typeof ReferralStatus>;
  readonly referredAt: Date;
  readonly recordedAt: Date;
  readonly decidedAt: Date | null;
  /** Organisation of the intake worker who accepted it: the provider that holds the case. */
  readonly acceptedByOrganisation: string | null;
  readonly rejectionReason: EnumName<typeof RejectionReason> | null;
  readonly rejectionNote: string | null;
  /** The whole request, as sent. */
  readonly sent: SubmitReferralRequest;
  /** Everyone it is about; empty until they are identified. */
  readonly personIds: string[];
  /** 1 when submitted, 2 when decided. */
  readonly version: number;
}

export interface Submission extends Pick<Referral, 'id' | 'organisation' | 'kind' | 'support' | 'sent'> {
  readonly now: Date;
}

/** When triage says it decided; now when left out. */
export interface DecisionTime {
  readonly occurredAt: Date | undefined;
  readonly now: Date;
}

export type Rejection = { readonly reason: EnumName<typeof RejectionReason>; readonly note: string | null };

/** Submits a referral. Source system and reference come together or not at all (400). */
export function submitReferral({ id, organisation, kind, support, sent, now }: Submission): Referral {
  if ((sent.sourceSystem === '') !== (sent.sourceReference === '')) {
    const missing = sent.sourceSystem === '' ? 'source_system' : 'source_reference';
    fail(
      'invalid',
      'source-reference-incomplete',
      'Send source_system and source_reference together, or neither.',
      [{ field: missing, rule: 'both_or_neither', message: 'must be sent when the other one is' }],
    );
  }
  return {
    id,
    organisation,
    sourceSystem: sent.sourceSystem || null,
    sourceReference: sent.sourceReference || null,
    kind,
    support,
    status: 'SUBMITTED',
    referredAt: sent.referredAt ?? now,
    recordedAt: now,
    decidedAt: null,
    acceptedByOrganisation: null,
    rejectionReason: null,
    rejectionNote: null,
    sent,
    personIds: [],
    version: 1,
  };
}

/** The referral as it was when it was submitted: what is answered to whoever sends it again. */
export const asSubmitted = (referral: Referral): Referral => ({
  ...referral,
  status: 'SUBMITTED',
  decidedAt: null,
  acceptedByOrganisation: null,
  rejectionReason: null,
  rejectionNote: null,
  version: 1,
});

/**
 * Accepts a submitted referral for the organisation that triages; 409 when it is decided already, 400 when the time
 * lies before `referred_at`.
 */
export function acceptReferral(referral: Referral, organisation: string, at: DecisionTime): Referral {
  return {
    ...referral,
    ...decision(referral, at),
    status: 'ACCEPTED',
    acceptedByOrganisation: organisation,
  };
}

/** Rejects a submitted referral; errors as for `acceptReferral`. */
export function rejectReferral(referral: Referral, { reason, note }: Rejection, at: DecisionTime): Referral {
  return {
    ...referral,
    ...decision(referral, at),
    status: 'REJECTED',
    rejectionReason: reason,
    rejectionNote: note,
  };
}

function decision(
  referral: Referral,
  { occurredAt, now }: DecisionTime,
): Pick<Referral, 'decidedAt' | 'version'> {
  if (referral.status !== 'SUBMITTED') {
    const state = referral.status.toLowerCase();
    fail('conflict', `referral-already-${state}`, `This referral is already ${state}; a decision is final.`);
  }
  const decidedAt = occurredAt ?? now;
  if (decidedAt < referral.referredAt)
    fail('invalid', 'decided-before-referred', 'The decision lies before the referral was made.', [
      {
        field: 'occurred_at',
        rule: 'not_before_referred_at',
        message: "must not be before the referral's referred_at",
      },
    ]);
  return { decidedAt, version: referral.version + 1 };
}
