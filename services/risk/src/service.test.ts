import { randomUUID } from 'node:crypto';
import { waitFor } from '@midas/kit/testing';
import { Particulars } from '@midas/proto/common/v1/people';
import { AnswerValue, RiskAnswers, RiskLevel } from '@midas/proto/common/v1/risk';
import { IncidentKind, ReportIncidentRequest } from '@midas/proto/referral/v1/referral';
import {
  type Assessment,
  ListAssessmentsRequest,
  ListMaracReferralsRequest,
  MaracCriterion,
  type MaracReferral,
  MaracStatus,
  ReferToMaracRequest,
  RepeatFinding,
} from '@midas/proto/risk/v1/risk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { instrumentOn } from './instrument/instrument.ts';
import { type Platform, startPlatform } from './testing/platform.ts';

let platform: Platform;
beforeAll(async () => {
  platform = await startPlatform();
}, 180_000);
afterAll(() => platform[Symbol.asyncDispose]());

const keys = instrumentOn('dash-24', '2017-06-01')?.pack.questions.map(({ key }) => key) ?? [];
const refusal = (slug: string) => expect.objectContaining({ slug });
const worker = () => platform.risk('case-worker@provider');
const police = () => platform.risk('marac-representative@police');
const coordinator = () => platform.risk('marac-coordinator@provider');

const answers = (yes: number, raiseTo?: RiskLevel): RiskAnswers =>
  RiskAnswers.fromPartial({
    instrument: 'dash-24',
    answers: keys.map((question, index) => ({
      question,
      value: index < yes ? AnswerValue.YES : AnswerValue.NO,
    })),
    ...(raiseTo && { judgement: { raiseTo, reason: 'Has been followed home twice.' } }),
  });

/** Somebody whom nobody has heard of yet. */
const stranger = () =>
  Particulars.fromPartial({ givenName: 'Ada', familyName: `Quill${randomUUID()}`, birthDate: '1985-04-03' });

const eventsOf = async (aggregateId: string): Promise<readonly string[]> => {
  const rows = await platform.db.outboxEvent.findMany({
    where: { aggregateId },
    orderBy: { aggregateVersion: 'asc' },
  });
  return rows.map(({ aggregateVersion, subject }) => `${aggregateVersion} ${subject}`);
};

describe('an assessment', () => {
  const record = (riskAnswers: RiskAnswers, person = stranger()) =>
    worker().recordAssessment({
      person,
      riskAnswers,
      occurredAt: new Date('2017-06-01T10:00:00Z'),
    });
  const personOf = (id: string): Promise<string> =>
    waitFor(async () => (await platform.db.assessment.findUnique({ where: { id } }))?.personId, {
      what: 'the person of the assessment',
    });
  /** What a caller sees of an assessment, once a relationship that was just made is known here. */
  const seen = (assessmentId: string, user: string): Promise<Assessment> =>
    waitFor(
      () =>
        platform
          .risk(user)
          .getAssessment({ assessmentId })
          .catch(() => undefined),
      {
        what: `the assessment for ${user}`,
        timeoutMs: 3_000,
      },
    );
  const hidden = (assessmentId: string, user: string) =>
    waitFor(
      () =>
        platform
          .risk(user)
          .getAssessment({ assessmentId })
          .then(
            () => false,
            (error: unknown) => Object(error).slug === 'not-found',
          ),
      { what: `the assessment to be gone for ${user}`, timeoutMs: 3_000 },
    );
  const listed = async (user: string, incidentId = '') =>
    (
      await platform
        .risk(user)
        .listAssessments(ListAssessmentsRequest.fromPartial({ incidentId, pageSize: 200 }))
    ).assessments.map((one) => one.assessmentId);

  it('gets its level from the answers and a judgement that raises it, and is told as an event', async () => {
    const assessment = await record(answers(5, RiskLevel.HIGH));
    expect(assessment).toMatchObject({
      score: 5,
      level: RiskLevel.HIGH,
      levelReasons: ['score', 'judgement'],
      instrument: 'dash-24',
      instrumentVersion: '2009.1',
      organisation: 'provider',
    });
    expect(await eventsOf(assessment.assessmentId)).toEqual(['1 midas.risk.assessment.recorded.v1']);
  });

  it('is kept sealed', async () => {
    const { assessmentId, person } = await record(answers(3, RiskLevel.MEDIUM));
    const row = await platform.db.assessment.findUniqueOrThrow({ where: { id: assessmentId } });
    const stored = Buffer.from(row.sent).toString('latin1');
    for (const secret of [person?.familyName ?? '', 'followed home', 'very_frightened']) {
      expect(stored).not.toContain(secret);
    }
  });

  it('finds out afterwards whom it is about', async () => {
    const { assessmentId } = await record(answers(3));
    expect(await personOf(assessmentId)).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is refused with the name of what is wrong, and leaves nothing behind', async () => {
    const before = await platform.db.assessment.count();
    const odd = { ...answers(2), answers: [{ question: 'shoe_size', value: AnswerValue.YES }] };
    await expect(record(odd)).rejects.toMatchObject({
      slug: 'unknown-question',
      violations: [{ field: 'risk_answers.answers[0].question' }],
    });
    await expect(record(answers(14, RiskLevel.HIGH))).rejects.toEqual(refusal('judgement-does-not-raise'));
    expect(await platform.db.assessment.count()).toBe(before);
  });

  it('is seen by the intake worker who recorded it and by nobody unrelated', async () => {
    const intake = platform.risk('intake-worker@provider');
    const { assessmentId } = await intake.recordAssessment({
      person: stranger(),
      riskAnswers: answers(2),
      occurredAt: new Date('2017-06-01T10:00:00Z'),
    });
    expect(await intake.getAssessment({ assessmentId })).toMatchObject({ assessmentId, score: 2 });
    const list = await intake.listAssessments(ListAssessmentsRequest.fromPartial({}));
    expect(list.assessments.map((one) => one.assessmentId)).toContain(assessmentId);
    await expect(platform.risk('case-worker-2@provider').getAssessment({ assessmentId })).rejects.toEqual(
      refusal('not-found'),
    );
    for (const stranger of ['referrer@police', 'commissioner@council', 'programme-manager@provider']) {
      await expect(platform.risk(stranger).getAssessment({ assessmentId })).rejects.toEqual(
        refusal('forbidden'),
      );
    }
  });

  it('is seen by whom the person’s case is assigned to, and without answers by the team', async () => {
    const person = { ...stranger(), address: { lines: ['1 Elm Row'], postcode: 'ME4 4UH' } };
    const { assessmentId } = await record(answers(4), person);
    await personOf(assessmentId);
    const [assigned, ofTeam] = ['case-worker-2@provider', 'case-worker@provider'];
    await hidden(assessmentId, assigned);
    await platform.allocatedCase(person, assigned, 'outreach');
    expect(await seen(assessmentId, assigned)).toMatchObject({
      score: 4,
      person: { address: person.address },
    });
    expect(await listed(assigned)).toContain(assessmentId);

    const colleague = { ...stranger(), address: person.address };
    const theirs = await platform
      .risk('intake-worker@provider')
      .recordAssessment({ person: colleague, riskAnswers: answers(4) });
    await personOf(theirs.assessmentId);
    await platform.allocatedCase(colleague, assigned, 'idva');
    const forTeam = await seen(theirs.assessmentId, ofTeam);
    expect(forTeam).toMatchObject({ level: RiskLevel.STANDARD, score: 0, riskAnswers: undefined });
    expect(forTeam.person).toMatchObject({ familyName: colleague.familyName, address: undefined });
    expect(forTeam.maskedFields).toEqual(expect.arrayContaining(['risk_answers', 'score', 'person.address']));
  });

  it('is a level alone to whom the case is shared for health, and its incident cannot be asked for', async () => {
    const person = stranger();
    const { assessmentId } = await record(answers(10), person);
    await personOf(assessmentId);
    const caseId = await platform.allocatedCase(person, 'case-worker@provider', 'idva');
    const navigator = 'health-navigator@ccg';
    await hidden(assessmentId, navigator);
    await platform.share(caseId, 'ccg', 'HEALTH');
    const shown = await seen(assessmentId, navigator);
    expect(shown).toMatchObject({
      level: RiskLevel.MEDIUM,
      person: undefined,
      score: 0,
      instrument: '',
      levelReasons: [],
      organisation: '',
    });
    expect(shown.maskedFields).toEqual(
      expect.arrayContaining([
        'incident_id',
        'instrument',
        'level_reasons',
        'organisation',
        'person',
        'score',
      ]),
    );
    const incidentId = randomUUID();
    await platform.db.assessment.update({ where: { id: assessmentId }, data: { incidentId } });
    expect(await listed(navigator)).toEqual([assessmentId]);
    expect(await listed(navigator, incidentId)).toEqual([]);
    expect(await listed('case-worker@provider', incidentId)).toEqual([assessmentId]);
  });

  it('is hidden within a second from who is blocked from the person, recorded or assigned', async () => {
    const person = stranger();
    const { assessmentId } = await record(answers(2), person);
    const personId = await personOf(assessmentId);
    await platform.allocatedCase(person, 'case-worker@provider', 'idva');
    await seen(assessmentId, 'case-worker@provider');
    await platform.block('case-worker@provider', personId);
    try {
      await hidden(assessmentId, 'case-worker@provider');
      expect(await listed('case-worker@provider')).not.toContain(assessmentId);
    } finally {
      await platform.unblock('case-worker@provider');
    }
    await seen(assessmentId, 'case-worker@provider');
  });

  it('shows a service manager neither answers nor score', async () => {
    const { assessmentId } = await record(answers(2));
    const shown = await platform.risk('service-manager@provider').getAssessment({ assessmentId });
    expect(shown).toMatchObject({ level: RiskLevel.STANDARD, score: 0, riskAnswers: undefined });
    expect(shown.maskedFields).toEqual(expect.arrayContaining(['score', 'risk_answers']));
  });
});

describe('an incident of the feed', () => {
  const report = async (changes: Partial<ReportIncidentRequest>) => {
    const { incidentId } = await (await platform.referral('victim-support')).reportIncident({
      ...ReportIncidentRequest.fromPartial({
        sourceSystem: 'feed',
        sourceReference: randomUUID(),
        occurredAt: new Date('2017-05-01T22:00:00Z'),
        reportedAt: new Date('2017-05-02T09:00:00Z'),
        kind: IncidentKind.NON_CRIME,
        victim: stranger(),
        perpetrators: [stranger()],
      }),
      ...changes,
    });
    return waitFor(() => platform.db.incident.findUnique({ where: { id: incidentId } }), {
      what: 'the incident',
    });
  };

  it('is kept with who and when, and assessed', async () => {
    const incident = await report({ riskAnswers: answers(10) });
    expect(incident).toMatchObject({
      organisation: 'victim-support',
      kind: 'NON_CRIME',
      assessmentProblem: null,
    });
    expect(incident.perpetratorPersonIds).toHaveLength(1);
    const assessment = await platform.db.assessment.findUniqueOrThrow({ where: { incidentId: incident.id } });
    expect(assessment).toMatchObject({
      level: 'MEDIUM',
      organisation: 'victim-support',
      personId: incident.victimPersonId,
    });
    expect(await eventsOf(assessment.id)).toEqual(['1 midas.risk.assessment.recorded.v1']);
  });

  it('is kept without an assessment when none came with it', async () => {
    const { id: incidentId, assessmentProblem } = await report({});
    expect(assessmentProblem).toBeNull();
    expect(await platform.db.assessment.findUnique({ where: { incidentId } })).toBeNull();
  });

  it('is not lost when its answers cannot be assessed', async () => {
    const odd = { ...answers(2), answers: [{ question: 'shoe_size', value: AnswerValue.YES }] };
    const { id: incidentId, assessmentProblem } = await report({ riskAnswers: odd });
    expect(assessmentProblem).toBe('unknown-question');
    expect(await platform.db.assessment.findUnique({ where: { incidentId } })).toBeNull();
    expect(await platform.db.deadLetter.count()).toBe(0);
  });
});

describe('MARAC', () => {
  type Pair = { readonly victim: Particulars; readonly perpetrators: Particulars[] };
  const pair = (): Pair => ({ victim: stranger(), perpetrators: [stranger()] });

  const request = (who: Pair, referred: string, incident: string): ReferToMaracRequest =>
    ReferToMaracRequest.fromPartial({
      ...who,
      referredAt: new Date(referred),
      incident: { occurredAt: new Date(incident), criminal: true },
      criteria: [MaracCriterion.JUDGEMENT],
      reason: 'Afraid of what comes next.',
    });

  const refer = (who: Pair, referred: string, incident: string): Promise<MaracReferral> =>
    police().referToMarac(request(who, referred, incident));

  const findingOf = ({ maracReferralId }: MaracReferral, finding: RepeatFinding) =>
    waitFor(async () => (await police().getMaracReferral({ maracReferralId })).repeat === finding, {
      what: `${finding} for the referral`,
    });

  async function etagOf(maracReferralId: string, caller = coordinator()): Promise<string> {
    let etag = '';
    await caller.getMaracReferral(
      { maracReferralId },
      { received: (headers) => (etag = headers.etag ?? '') },
    );
    return etag;
  }

  it('finds repeats by rule, whatever the order in which referrals are recorded', async () => {
    const who = pair();
    const second = await refer(who, '2017-06-01T10:00:00Z', '2017-05-28T10:00:00Z');
    expect(second.repeat).toBe(RepeatFinding.UNSPECIFIED);
    await findingOf(second, RepeatFinding.NOT_REPEAT);
    const first = await refer(who, '2016-09-01T10:00:00Z', '2016-08-28T10:00:00Z');
    await findingOf(first, RepeatFinding.NOT_REPEAT);
    await findingOf(second, RepeatFinding.REPEAT);
    expect(await eventsOf(second.maracReferralId)).toEqual([
      '1 midas.risk.marac.referred.v1',
      '2 midas.risk.marac.repeat.v1',
      '3 midas.risk.marac.repeat.v1',
    ]);
  });

  it('finds the same when many referrals of one victim are recorded at once', async () => {
    const who = pair();
    const months = ['01', '02', '03', '04', '05', '06', '07', '08'];
    const made = await Promise.all(
      months.map((month) => refer(who, `2017-${month}-20T10:00:00Z`, `2017-${month}-10T10:00:00Z`)),
    );
    const [first, ...later] = made;
    for (const one of later) await findingOf(one, RepeatFinding.REPEAT);
    if (first) await findingOf(first, RepeatFinding.NOT_REPEAT);
    for (const { maracReferralId: id } of made) {
      const { version } = await platform.db.maracReferral.findUniqueOrThrow({ where: { id } });
      const versions = (await eventsOf(id)).map((event) => Number.parseInt(event, 10));
      expect(versions).toEqual(Array.from({ length: version }, (_, index) => index + 1));
    }
  });

  it('finds no repeat with another perpetrator', async () => {
    const who = pair();
    const first = await refer(who, '2017-01-10T10:00:00Z', '2017-01-09T10:00:00Z');
    const other = await refer(
      { ...who, perpetrators: [stranger()] },
      '2017-03-10T10:00:00Z',
      '2017-03-09T10:00:00Z',
    );
    await findingOf(first, RepeatFinding.NOT_REPEAT);
    await findingOf(other, RepeatFinding.NOT_REPEAT);
  });

  it('hears a referral once, by the coordinator, from the version that was read', async () => {
    const { maracReferralId } = await refer(pair(), '2017-02-01T10:00:00Z', '2017-01-30T10:00:00Z');
    await waitFor(async () => (await eventsOf(maracReferralId)).length === 2, { what: 'the finding' });
    const hear = (
      caller = coordinator(),
      headers: Record<string, string> = { 'if-match': '*' },
      heardAt?: Date,
    ) => caller.hearMaracReferral({ maracReferralId, heardAt, minutes: 'Actions agreed.' }, { headers });
    await expect(hear(police())).rejects.toEqual(refusal('forbidden'));
    await expect(hear(coordinator(), {})).rejects.toMatchObject({ kind: 'precondition-required' });
    await expect(hear(coordinator(), { 'if-match': '"old"' })).rejects.toMatchObject({ kind: 'stale' });
    await expect(hear(coordinator(), undefined, new Date('2017-01-31T10:00:00Z'))).rejects.toEqual(
      refusal('heard-before-referral'),
    );
    const heard = await hear(coordinator(), { 'if-match': await etagOf(maracReferralId) });
    expect(heard).toMatchObject({ status: MaracStatus.HEARD, minutes: 'Actions agreed.' });
    await expect(hear()).rejects.toEqual(refusal('marac-already-heard'));
    expect((await eventsOf(maracReferralId)).at(-1)).toBe('3 midas.risk.marac.heard.v1');
  });

  it('is referred to by agencies and case-workers, not by a referrer, and seen by the agency and the coordinator', async () => {
    const sent = request(pair(), '2017-02-01T10:00:00Z', '2017-01-30T10:00:00Z');
    await expect(platform.risk('referrer@police').referToMarac(sent)).rejects.toEqual(refusal('forbidden'));
    await expect(platform.risk('intake-worker@provider').referToMarac(sent)).rejects.toEqual(
      refusal('forbidden'),
    );
    const { maracReferralId } = await worker().referToMarac(sent);
    await expect(police().getMaracReferral({ maracReferralId })).rejects.toEqual(refusal('not-found'));
    const open = ListMaracReferralsRequest.fromPartial({ status: MaracStatus.REFERRED, pageSize: 200 });
    const ids = async (list: ReturnType<typeof coordinator>) =>
      (await list.listMaracReferrals(open)).maracReferrals.map((one) => one.maracReferralId);
    expect(await ids(coordinator())).toContain(maracReferralId);
    expect(await ids(police())).not.toContain(maracReferralId);
  });

  it('shows minutes to the coordinator alone', async () => {
    const { maracReferralId } = await refer(pair(), '2017-02-01T10:00:00Z', '2017-01-30T10:00:00Z');
    await coordinator().hearMaracReferral(
      { maracReferralId, minutes: 'Actions agreed.' },
      { headers: { 'if-match': '*' } },
    );
    expect((await coordinator().getMaracReferral({ maracReferralId })).minutes).toBe('Actions agreed.');
    const sent = await police().getMaracReferral({ maracReferralId });
    expect(sent).toMatchObject({
      status: MaracStatus.HEARD,
      reason: 'Afraid of what comes next.',
      minutes: '',
    });
    expect(sent.maskedFields).toContain('minutes');
  });

  it('shows the coordinator the assessments of whoever was referred, and of nobody else', async () => {
    const who = pair();
    const { assessmentId } = await worker().recordAssessment({ person: who.victim, riskAnswers: answers(6) });
    const user = platform.risk('marac-coordinator@council');
    await expect(user.getAssessment({ assessmentId })).rejects.toEqual(refusal('not-found'));
    await refer(who, '2017-02-01T10:00:00Z', '2017-01-30T10:00:00Z');
    const shown = await waitFor(() => user.getAssessment({ assessmentId }).catch(() => undefined), {
      what: 'the assessment of a person referred',
    });
    expect(shown).toMatchObject({ score: 6, riskAnswers: expect.anything() });
  });

  it('doubles nothing that is sent twice under one reference', async () => {
    const sent = {
      ...request(pair(), '2017-02-01T10:00:00Z', '2017-01-30T10:00:00Z'),
      sourceSystem: 'athena',
    };
    const numbered = { ...sent, sourceReference: randomUUID() };
    const first = await police().referToMarac(numbered);
    expect(await police().referToMarac(numbered)).toEqual(first);
    // Another person of the agency learns no more than that the reference is taken; of another agency not even that.
    const outcomes = await Promise.allSettled([
      platform.risk('case-worker@provider').referToMarac({ ...numbered, sourceReference: 'ours' }),
      platform.risk('marac-representative@provider').referToMarac({ ...numbered, sourceReference: 'ours' }),
    ]);
    expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes).toContainEqual({ status: 'rejected', reason: refusal('source-reference-reused') });
    const elsewhere = await platform.risk('marac-representative@housing').referToMarac(numbered);
    expect(elsewhere.maracReferralId).not.toBe(first.maracReferralId);
    await expect(police().referToMarac({ ...numbered, reason: 'Another.' })).rejects.toEqual(
      refusal('source-reference-reused'),
    );
    await expect(police().referToMarac(sent)).rejects.toEqual(refusal('source-reference-incomplete'));
  });

  it('makes findings again when the window is configured otherwise', async () => {
    const who = pair();
    const first = await refer(who, '2016-03-01T10:00:00Z', '2016-02-28T10:00:00Z');
    const second = await refer(who, '2016-09-01T10:00:00Z', '2016-08-28T10:00:00Z');
    await findingOf(first, RepeatFinding.NOT_REPEAT);
    await findingOf(second, RepeatFinding.REPEAT);
    await platform.restart({ MARAC_REPEAT_WINDOW_MONTHS: '1' });
    expect(await police().getMaracReferral({ maracReferralId: second.maracReferralId })).toMatchObject({
      repeat: RepeatFinding.NOT_REPEAT,
      repeatWindowMonths: 1,
    });
    await platform.restart({});
    expect(await police().getMaracReferral({ maracReferralId: second.maracReferralId })).toMatchObject({
      repeat: RepeatFinding.REPEAT,
      repeatWindowMonths: 12,
    });
  });
});
