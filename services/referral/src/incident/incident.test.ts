import { ReportIncidentRequest } from '@midas/proto/referral/v1/referral';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { reportIncident } from './incident.ts';

const now = new Date('2017-05-02T12:00:00Z');
const instant = fc.date({ min: new Date('2016-01-01'), max: now, noInvalidDate: true });

const report = (sent: Partial<ReportIncidentRequest>) =>
  reportIncident({
    id: '018f0000-0000-7000-8000-000000000001',
    organisation: 'police',
    kind: 'CRIME',
    sent: ReportIncidentRequest.fromPartial({ sourceSystem: 'athena', sourceReference: '46/1', ...sent }),
    now,
  });

describe('reporting an incident', () => {
  test('keeps what was sent beside the times', () => {
    const occurredAt = new Date('2017-05-01T23:15:00Z');
    expect(report({ occurredAt, description: 'Heard shouting.' })).toMatchObject({
      organisation: 'police',
      sourceReference: '46/1',
      occurredAt,
      reportedAt: now,
      recordedAt: now,
      sent: { description: 'Heard shouting.' },
    });
  });

  test('is refused exactly when it is reported before it happened', () => {
    fc.assert(
      fc.property(instant, instant, (occurredAt, reportedAt) => {
        const attempt = () => report({ occurredAt, reportedAt });
        if (reportedAt >= occurredAt)
          expect(attempt()).toMatchObject({ occurredAt, reportedAt, recordedAt: now });
        else
          expect(attempt).toThrow(
            expect.objectContaining({ kind: 'invalid', slug: 'reported-before-it-happened' }),
          );
      }),
    );
  });
});
