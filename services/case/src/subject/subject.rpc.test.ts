import { serviceClient, type TestClient } from '@midas/kit/testing';
import { ConflictBlockServiceService, PersonNamed } from '@midas/proto/case/v1/access';
import { SubjectServiceService } from '@midas/proto/case/v1/subject';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { invented, type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
let officer: TestClient<typeof SubjectServiceService>;
const as = 'information-governance@council';

beforeAll(async () => {
  platform = await startPlatform();
  officer = serviceClient(SubjectServiceService, platform.case.address, { as });
});
afterAll(async () => {
  officer?.[Symbol.dispose]();
  await platform?.[Symbol.asyncDispose]();
});

it('a conflict of interest with somebody found after the request was opened takes it, too', async () => {
  const { givenName, familyName, birthDate } = invented();
  const person = PersonNamed.fromPartial({ givenName, familyName, birthDate });
  const { subjectRequestId } = await officer.openSubjectRequest({ person, reference: 'sar-1' });
  expect(await officer.getSubjectReview({ subjectRequestId })).toMatchObject({ items: [] });

  using other = serviceClient(ConflictBlockServiceService, platform.case.address, {
    as: 'information-governance@provider',
  });
  await other.blockUser({ userName: as, person, reason: 'They are cousins' });
  const page = { subjectRequestId, pageSize: 0, pageToken: '' };
  const any = { headers: { 'if-match': '*' } };
  const reason = 'The person asked for it in writing.';
  for (const refused of [
    () => officer.getSubjectReview({ subjectRequestId }),
    () => officer.exportSubject({ subjectRequestId }),
    () => officer.listRecordAccesses(page),
    () => officer.placeLegalHold({ subjectRequestId, reason }),
    () => officer.eraseSubject({ subjectRequestId, reason }, any),
  ])
    await expect(refused()).rejects.toMatchObject({ kind: 'forbidden' });
});
