import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { higher, instrumentOn, levels } from '../instrument/instrument.ts';
import { type Answer, answerProblems, assess, judgementRaises, score } from './assessment.ts';

const dash = instrumentOn('dash-24', '2017-06-01') ?? expect.fail('no DASH pack');
const keys = dash.pack.questions.map((question) => question.key);

const value = fc.constantFrom('YES' as const, 'NO' as const, 'DONT_KNOW' as const);
const answers = fc
  .subarray(keys)
  .chain((asked) => fc.tuple(...asked.map((question) => value.map((value): Answer => ({ question, value })))));
const judgement = fc.option(fc.constantFrom(...levels), { nil: undefined });

const yesAnswers = (count: number): Answer[] =>
  keys.map((question, index) => ({ question, value: index < count ? 'YES' : 'NO' }));

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
    expect(assess(dash, { instrument: 'dash-24', answers: yesAnswers(yes) })).toEqual({
      score: yes,
      level,
      reasons: ['score'],
    });
  });

  it('counts yes only: turning a no into a don’t know changes nothing', () => {
    fc.assert(
      fc.property(answers, (given) => {
        const doubtful = given.map((one) => (one.value === 'NO' ? { ...one, value: 'DONT_KNOW' as const } : one));
        expect(score(doubtful)).toBe(score(given));
      }),
    );
  });

  it('does not depend on the order of the answers', () => {
    fc.assert(
      fc.property(
        answers.chain((given) => fc.tuple(fc.constant(given), fc.shuffledSubarray(given, { minLength: given.length }))),
        ([given, shuffled]) => {
          const of = (list: readonly Answer[]) => assess(dash, { instrument: 'dash-24', answers: list });
          expect(of(shuffled)).toEqual(of(given));
        },
      ),
    );
  });

  it('never falls when one more answer is yes', () => {
    fc.assert(
      fc.property(answers, fc.nat(), (given, at) => {
        fc.pre(given.length > 0);
        const more = given.map((one, index) => (index === at % given.length ? { ...one, value: 'YES' as const } : one));
        const level = (list: readonly Answer[]) => assess(dash, { instrument: 'dash-24', answers: list }).level;
        expect(higher(level(given), level(more))).toBe(false);
      }),
    );
  });

  it('is raised by judgement, never lowered', () => {
    fc.assert(
      fc.property(answers, judgement, (given, raiseTo) => {
        const plain = assess(dash, { instrument: 'dash-24', answers: given });
        const judged = assess(dash, { instrument: 'dash-24', answers: given, raiseTo });
        const raises = raiseTo !== undefined && higher(raiseTo, plain.level);
        expect(judged.level).toBe(raises ? raiseTo : plain.level);
        expect(judged.reasons.includes('judgement')).toBe(raises);
        expect(judgementRaises(dash, { instrument: 'dash-24', answers: given, raiseTo })).toBe(raises);
      }),
    );
  });
});

describe('problems of answers', () => {
  it('are none for any set of the pack’s own questions', () => {
    fc.assert(fc.property(answers, (given) => expect(answerProblems(dash, given)).toEqual([])));
  });

  it('name an unknown key, a key given twice and a value that is not understood', () => {
    const given: Answer[] = [
      { question: 'worse', value: 'YES' },
      { question: 'shoe_size', value: 'NO' },
      { question: 'worse', value: 'NO' },
      { question: 'breach', value: 'UNKNOWN' },
    ];
    expect(answerProblems(dash, given)).toEqual([
      { slug: 'unknown-question', question: 'shoe_size', index: 1 },
      { slug: 'duplicate-question', question: 'worse', index: 2 },
      { slug: 'unknown-answer', question: 'breach', index: 3 },
    ]);
  });
});
