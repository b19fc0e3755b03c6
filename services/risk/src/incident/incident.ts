import { enumName, fail } from '@midas/kit/rules';
import type { IncidentReported } from '@midas/proto/referral/v1/events';
import { IncidentKind } from '@midas/proto/referral/v1/referral';
import type { AnswerProblem } from '../assessment/assessment.ts';

/** An incident heard from the feed: who was involved and when. What was said of it stays with `referral`. */
export interface Incident {
  readonly id: string;
  /** Organisation that reported it. */
  readonly organisation: string;
  readonly kind: 'CRIME' | 'NON_CRIME';
  readonly victimPersonId: string;
  readonly perpetratorPersonIds: string[];
  readonly occurredAt: Date;
  readonly reportedAt: Date;
  readonly recordedAt: Date;
  /** Why the answers sent with it could not be assessed; null when they were, or none came. */
  readonly assessmentProblem: AnswerProblem['slug'] | null;
}

/** An incident as heard, with its persons by id, the victim first. */
export function heardIncident(
  event: IncidentReported,
  [victimPersonId, ...perpetratorPersonIds]: readonly string[],
  now: Date,
): Incident {
  const { occurredAt, reportedAt } = event;
  if (victimPersonId === undefined || occurredAt === undefined || reportedAt === undefined) {
    return fail('invalid', 'incident-incomplete', 'An incident was heard without its victim or its times.');
  }
  return {
    id: event.incidentId,
    organisation: event.organisation,
    kind: enumName(IncidentKind, event.kind),
    victimPersonId,
    perpetratorPersonIds: [...new Set(perpetratorPersonIds)],
    occurredAt,
    reportedAt,
    recordedAt: now,
    assessmentProblem: null,
  };
}
