import { DomainError } from '@midas/kit/rules';
import { AnswerValue, type RiskAnswer, RiskAnswers, RiskLevel } from '@midas/proto/common/v1/risk';
import { RecordAssessmentRequest } from '@midas/proto/risk/v1/risk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { higher, instrumentOn, type Level, levels } from '../instrument/instrument.ts';
import { answerProblems, assessIncident, levelOf, recordAssessment, score } from './assessment.ts';

const dash = instrumentOn('dash-24', '2017-06-01') ?? expect.fail('no DASH pack');
const keys = dash.pack.questions.map((question) => question.key);
const { YES, NO, DONT_KNOW } = AnswerValue;
const now = new Date('2017-06-01T10:00:00Z');

const given = (answers: readonly RiskAnswer[], raiseTo?: Level): RiskAnswers =>
  RiskAnswers.fromPartial({
    instrument: 'dash-24',
    answers: [...answers],
    ...(raiseTo && { judgement: { raiseTo: RiskLevel[raiseTo], reason: 'what the practitioner saw' } }),
  });

const yesAnswers = (count: number): RiskAnswer[] =>
  keys.map((question, index) => ({ question, value: index < count ? YES : NO }));

const answerLists = fc
  .subarray(keys)
  .chain((asked) =>
    fc.tuple(
      ...asked.map((question) => fc.constantFrom(YES, NO, DONT_KNOW).map((value) => ({ question, value }))),
    ),
  );
const judgement = fc.option(fc.constantFrom(...levels), { nil: undefined });

const record = (riskAnswers: RiskAnswers) =>
  recordAssessment({
    id: 'a',
    organisation: 'provider',
    recordedBy: 'worker',
    sent: RecordAssessmentRequest.fromPartial({ riskAnswers }),
    now,
  });

function refusal(act: () => unknown): DomainError {
  try {
    act();
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
  return expect.fail('nothing was refused');
}

describe('level of a DASH assessment', () => {
  it.each([
    [0, 'STANDARD'],
    [1, 'STANDARD'],
    [9, 'STANDARD'],
    [10, 'MEDIUM'],
    [13, 'MEDIUM'],
    [14, 'HIGH'],
    [24, 'HIGH'],
  ] as const)('%i yes answers give %s', (yes, level) => {
    expect(levelOf(dash, given(yesAnswers(yes)))).toEqual({ score: yes, level, reasons: ['score'] });
  });

  it('counts yes only: turning a no into a don’t know changes nothing', () => {
    fc.assert(
      fc.property(answerLists, (answers) => {
        const doubtful = answers.map((one) => (one.value === NO ? { ...one, value: DONT_KNOW } : one));
        expect(score(doubtful)).toBe(score(answers));
      }),
    );
  });

  it('does not depend on the order of the answers', () => {
    const twice = answerLists.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(twice, ([answers, shuffled]) => {
        expect(levelOf(dash, given(shuffled))).toEqual(levelOf(dash, given(answers)));
      }),
    );
  });

  it('never falls when one more answer is yes', () => {
    fc.assert(
      fc.property(answerLists, fc.nat(), (answers, at) => {
        fc.pre(answers.length > 0);
        const more = answers.map((one, index) =>
          index === at % answers.length ? { ...one, value: YES } : one,
        );
        expect(higher(levelOf(dash, given(answers)).level, levelOf(dash, given(more)).level)).toBe(false);
      }),
    );
  });

  it('is raised by judgement, never lowered', () => {
    fc.assert(
      fc.property(answerLists, judgement, (answers, raiseTo) => {
        const plain = levelOf(dash, given(answers));
        const judged = levelOf(dash, given(answers, raiseTo));
        const raises = raiseTo !== undefined && higher(raiseTo, plain.level);
        expect(judged.level).toBe(raises ? raiseTo : plain.level);
        expect(judged.reasons).toEqual(raises ? ['score', 'judgement'] : ['score']);
      }),
    );
  });
});

describe('answers that cannot be assessed', () => {
  it('are none for any set of the pack’s own questions', () => {
    fc.assert(
      fc.property(answerLists, (answers) => {
        expect(answerProblems(dash, given(answers))).toEqual([]);
      }),
    );
  });

  it('name an unknown key, a key given twice and a value that is not understood', () => {
    const answers = [
      { question: 'worse', value: YES },
      { question: 'shoe_size', value: NO },
      { question: 'worse', value: NO },
      { question: 'breach', value: AnswerValue.UNRECOGNIZED },
    ];
    expect(answerProblems(dash, given(answers))).toEqual([
      { slug: 'unknown-question', question: 'shoe_size', index: 1 },
      { slug: 'duplicate-question', question: 'worse', index: 2 },
      { slug: 'unknown-answer', question: 'breach', index: 3 },
    ]);
  });
});

describe('an assessment that a worker records', () => {
  it('carries the level and the pack it was scored with', () => {
    expect(record(given(yesAnswers(9), 'HIGH'))).toMatchObject({
      instrument: 'dash-24',
      instrumentVersion: '2009.1',
      level: 'HIGH',
      levelReasons: ['score', 'judgement'],
      occurredAt: now,
      incidentId: null,
    });
  });

  it('is refused with the field and the key of a question that the instrument does not have', () => {
    const error = refusal(() => record(given([{ question: 'shoe_size', value: YES }])));
    expect(error).toMatchObject({ kind: 'invalid', slug: 'unknown-question' });
    expect(error.message).toContain('shoe_size');
    expect(error.violations.map(({ field }) => field)).toEqual(['risk_answers.answers[0].question']);
  });

  it('is refused when a question is answered twice, or the instrument is not known', () => {
    const twice = [...yesAnswers(3), { question: 'worse', value: YES }];
    expect(refusal(() => record(given(twice))).slug).toBe('duplicate-question');
    expect(refusal(() => record({ ...given(yesAnswers(3)), instrument: 'dara' })).slug).toBe(
      'unknown-instrument',
    );
  });

  it('is refused when its judgement would not raise the level', () => {
    fc.assert(
      fc.property(answerLists, fc.constantFrom(...levels), (answers, raiseTo) => {
        const plain = levelOf(dash, given(answers)).level;
        if (higher(raiseTo, plain)) expect(record(given(answers, raiseTo)).level).toBe(raiseTo);
        else expect(refusal(() => record(given(answers, raiseTo))).slug).toBe('judgement-does-not-raise');
      }),
    );
  });
});

describe('the answers that came with an incident', () => {
  const assess = (riskAnswers: RiskAnswers) =>
    assessIncident(
      {
        id: 'a',
        incidentId: 'i',
        personId: 'p',
        perpetratorPersonIds: ['q'],
        organisation: 'victim-support',
        recordedBy: null,
        sent: RecordAssessmentRequest.fromPartial({ riskAnswers }),
        occurredAt: now,
        now,
      },
      riskAnswers,
    );

  it('are assessed for it', () => {
    expect(assess(given(yesAnswers(14)))).toMatchObject({ incidentId: 'i', personId: 'p', level: 'HIGH' });
  });

  it('keep a judgement that does not raise the level, without effect', () => {
    expect(assess(given(yesAnswers(14), 'MEDIUM'))).toMatchObject({ level: 'HIGH', levelReasons: ['score'] });
  });

  it('give the name of the problem when they cannot be assessed', () => {
    expect(assess(given([{ question: 'shoe_size', value: YES }]))).toMatchObject({
      slug: 'unknown-question',
    });
    expect(assess({ ...given(yesAnswers(1)), instrument: 'dara' })).toEqual({ slug: 'unknown-instrument' });
  });
});
