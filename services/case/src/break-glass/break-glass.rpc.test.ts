import { randomUUID } from 'node:crypto';
import { serviceClient, type TestClient } from '@midas/kit/testing';
import { BreakGlassServiceService, PersonNamed } from '@midas/proto/case/v1/access';
import { CaseServiceService } from '@midas/proto/case/v1/case';
import { BreakGlassOpened } from '@midas/proto/case/v1/events';
import type { Particulars } from '@midas/proto/common/v1/people';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { allocatedCase, invented, type Platform, startPlatform } from '../testing/platform.ts';

let platform: Platform;
type Openings = TestClient<typeof BreakGlassServiceService>;
let opener: Openings;
let officer: Openings;
let otherCases: TestClient<typeof CaseServiceService>;
const ANY = { headers: { 'if-match': '*' } };
const reason = 'She called and is in danger now.';
const all = { pageSize: 0, pageToken: '' };

beforeAll(async () => {
  platform = await startPlatform();
  const as = (user: string) => serviceClient(BreakGlassServiceService, platform.case.address, { as: user });
  opener = as('case-worker-2@provider');
  officer = as('information-governance@council');
  otherCases = serviceClient(CaseServiceService, platform.case.address, { as: 'case-worker-2@provider' });
});
afterAll(async () => {
  for (const client of [opener, officer, otherCases]) client?.[Symbol.dispose]();
  await platform?.[Symbol.asyncDispose]();
});

const byName = ({ givenName, familyName, birthDate }: Particulars): PersonNamed =>
  PersonNamed.fromPartial({ givenName, familyName, birthDate });

describe('access in an emergency', () => {
  it('opens the cases of one person in full, named by number or by name and birth date, until it ends', async () => {
    const person = invented({ nhsNumber: '9434765919' });
    const { caseId } = await allocatedCase(platform, person);
    const other = await allocatedCase(platform);
    for (const named of [byName(person), PersonNamed.fromPartial({ nhsNumber: '9434765919' })]) {
      await expect(otherCases.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
      const { breakGlassId } = await opener.openBreakGlass({ person: named, reason });
      const seen = await otherCases.getCase({ caseId });
      expect(seen.person?.address?.postcode).toBe('ME4 4UH');
      expect(seen.maskedFields).toEqual([]);
      await expect(otherCases.getCase({ caseId: other.caseId })).rejects.toMatchObject({ kind: 'not-found' });
      await platform.db.breakGlass.update({ where: { id: breakGlassId }, data: { endsAt: new Date() } });
    }
    await expect(otherCases.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
  });

  it('answers alike whether or not anybody is known, and records nobody', async () => {
    const person = invented();
    await allocatedCase(platform, person);
    const known = await platform.db.person.count();
    const open = async (named: Particulars) => {
      let headers: Readonly<Record<string, string>> = {};
      const answer = await opener.openBreakGlass(
        { person: byName(named), reason },
        { received: (received) => (headers = received) },
      );
      const [event] = await platform.db.outboxEvent.findMany({ where: { aggregateId: answer.breakGlassId } });
      const row = await platform.db.breakGlass.findUniqueOrThrow({ where: { id: answer.breakGlassId } });
      const plain = {
        ...answer,
        breakGlassId: '',
        openedAt: undefined,
        endsAt: undefined,
        reviewDueAt: undefined,
      };
      return {
        plain,
        headers: Object.keys(headers).sort(),
        // Not its length: that of a time varies.
        event: [
          event?.type,
          event && {
            ...BreakGlassOpened.decode(event.payload),
            breakGlassId: '',
            openedAt: undefined,
            reviewDueAt: undefined,
          },
        ],
        found: row.personId !== null,
      };
    };
    const [hit, miss] = [await open(person), await open(invented())];
    expect([hit.found, miss.found]).toEqual([true, false]);
    expect({ ...hit, found: '' }).toEqual({ ...miss, found: '' });
    expect(hit.event[0]).toBe(BreakGlassOpened.$type);
    expect(hit.plain).toMatchObject({ reason: '', maskedFields: ['reason', 'review_note'] });
    expect(await platform.db.person.count()).toBe(known);
  });

  it('needs a reason, and a person named well enough', async () => {
    const person = byName(invented());
    await expect(opener.openBreakGlass({ person, reason: 'Too short' })).rejects.toMatchObject({
      kind: 'invalid',
    });
    for (const missing of ['givenName', 'familyName', 'birthDate'] as const) {
      await expect(
        opener.openBreakGlass({ person: { ...person, [missing]: '' }, reason }),
      ).rejects.toMatchObject({ kind: 'invalid' });
    }
  });

  it.each([
    'service-manager@provider',
    'partner-professional@police',
    'programme-manager@provider',
    'information-governance@council',
  ])('is not for %s', async (as) => {
    using client = serviceClient(BreakGlassServiceService, platform.case.address, { as });
    await expect(client.openBreakGlass({ person: byName(invented()), reason })).rejects.toMatchObject({
      kind: 'forbidden',
    });
  });
});

describe('the review', () => {
  it('is by information-governance, from a queue, once; what is not justified ends', async () => {
    const person = invented();
    const { caseId } = await allocatedCase(platform, person);
    const { breakGlassId } = await opener.openBreakGlass({ person: byName(person), reason });
    const queued = async () =>
      (await officer.listBreakGlass({ ...all, pageSize: 200, unreviewed: true })).openings;
    expect(await queued()).toContainEqual(expect.objectContaining({ breakGlassId, reason }));
    const asked = { breakGlassId, finding: 'BREAK_GLASS_FINDING_NOT_JUSTIFIED', note: 'No call' } as const;
    await expect(opener.reviewBreakGlass(asked, ANY)).rejects.toMatchObject({ kind: 'forbidden' });
    expect(await otherCases.getCase({ caseId })).toMatchObject({ caseId });
    expect(await officer.reviewBreakGlass(asked, ANY)).toMatchObject({
      reviewedBy: 'information-governance@council',
      reviewNote: 'No call',
    });
    await expect(otherCases.getCase({ caseId })).rejects.toMatchObject({ kind: 'not-found' });
    expect((await queued()).map((each) => each.breakGlassId)).not.toContain(breakGlassId);
    await expect(officer.reviewBreakGlass(asked, ANY)).rejects.toMatchObject({ slug: 'already-reviewed' });
    expect(await opener.getBreakGlass({ breakGlassId })).toMatchObject({
      finding: 'BREAK_GLASS_FINDING_NOT_JUSTIFIED',
      reviewNote: '',
    });
    await expect(officer.getBreakGlass({ breakGlassId: randomUUID() })).rejects.toMatchObject({
      kind: 'not-found',
    });
  });

  it('of an opening is shown to nobody else', async () => {
    const { breakGlassId } = await opener.openBreakGlass({ person: byName(invented()), reason });
    using another = serviceClient(BreakGlassServiceService, platform.case.address, {
      as: 'case-worker@provider',
    });
    await expect(another.getBreakGlass({ breakGlassId })).rejects.toMatchObject({ kind: 'not-found' });
    expect((await another.listBreakGlass({ ...all, unreviewed: false })).openings).toEqual([]);
  });
});
