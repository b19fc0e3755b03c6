import { type EnumName, fail } from '@midas/kit/rules';
import type { IncidentKind, ReportIncidentRequest } from '@midas/proto/referral/v1/referral';

/** An incident as a partner reported it. It never changes: what is learned of it later belongs to `risk`. */
export interface Incident {
  readonly id: string;
  /** Organisation that reported it. */
  readonly organisation: string;
  readonly sourceSystem: string;
  readonly sourceReference: string;
  readonly kind: EnumName<typeof IncidentKind>;
  readonly occurredAt: Date;
  readonly reportedAt: Date;
  readonly recordedAt: Date;
  /** The whole request, as sent. */
  readonly sent: ReportIncidentRequest;
  /** Everyone it is about; empty until they are identified. */
  readonly personIds: string[];
}

/** The first version is the only one. */
export const INCIDENT_VERSION = 1;

export interface Report extends Pick<Incident, 'id' | 'organisation' | 'kind' | 'sent'> {
  readonly now: Date;
}

/** Records a report; `reported_at` is now when left out and may not lie before `occurred_at` (400). */
export function reportIncident({ id, organisation, kind, sent, now }: Report): Incident {
  const occurredAt = sent.occurredAt ?? now;
  const reportedAt = sent.reportedAt ?? now;
  if (reportedAt < occurredAt)
    fail('invalid', 'reported-before-it-happened', 'The incident was reported before it happened.', [
      { field: 'reported_at', rule: 'not_before_occurred_at', message: 'must not be before occurred_at' },
    ]);
  return {
    id,
    organisation,
    sourceSystem: sent.sourceSystem,
    sourceReference: sent.sourceReference,
    kind,
    occurredAt,
    reportedAt,
    recordedAt: now,
    sent,
    personIds: [],
  };
}
