import { enumNameOrNull, fail, localDate } from '@midas/kit/rules';
import { AnswerValue, type RiskAnswer, type RiskAnswers, RiskLevel } from '@midas/proto/common/v1/risk';
import type { RecordAssessmentRequest } from '@midas/proto/risk/v1/risk';
import { higher, type Instrument, instrumentOn, type Level, levelOfScore } from '../instrument/instrument.ts';

/** An assessment: what was sent, and the level that the rules gave it. */
export interface Assessment {
  readonly id: string;
  /** The incident it was made for; null when a worker recorded it. */
  readonly incidentId: string | null;
  readonly personId: string | null;
  /** Of the incident it was made for. */
  readonly perpetratorPersonIds: string[];
  /** Organisation that made it. */
  readonly organisation: string;
  /** Subject of the token that recorded it; null for the feed. */
  readonly recordedBy: string | null;
  readonly instrument: string;
  readonly instrumentVersion: string;
  readonly level: Level;
  readonly levelReasons: LevelReason[];
  readonly sent: RecordAssessmentRequest;
  readonly occurredAt: Date;
  readonly recordedAt: Date;
}

/** The rules that set a level. */
type LevelReason = 'score' | 'judgement';

/** An assessment never changes: a later one takes its place. */
export const ASSESSMENT_VERSION = 1;

export interface Leveled {
  /** Count of yes answers. */
  readonly score: number;
  readonly level: Level;
  readonly reasons: LevelReason[];
}

/** Why answers cannot be assessed; `question` and `index` say which answer, when it is one answer's fault. */
export interface AnswerProblem {
  readonly slug: 'unknown-instrument' | 'unknown-question' | 'duplicate-question' | 'unknown-answer';
  readonly question?: string;
  readonly index?: number;
}

type About = 'incidentId' | 'personId' | 'perpetratorPersonIds';
type Made = Pick<Assessment, About | 'id' | 'organisation' | 'recordedBy' | 'sent'> & {
  readonly occurredAt: Date;
  readonly now: Date;
};

/**
 * Records a worker's assessment. Refuses (400) an instrument, question or answer that the instrument does not know,
 * a question answered twice, and a judgement that would not raise the level.
 */
export function recordAssessment(made: Omit<Made, About | 'occurredAt'>): Assessment {
  const answers = made.sent.riskAnswers ?? fail('invalid', 'no-answers', 'An assessment needs answers.');
  const occurredAt = made.sent.occurredAt ?? answers.answeredAt ?? made.now;
  const instrument = instrumentOn(answers.instrument, localDate(occurredAt));
  const [problem] = answerProblems(instrument, answers);
  if (problem !== undefined || instrument === undefined) return refuse(problem);
  if (answers.judgement !== undefined && !levelOf(instrument, answers).reasons.includes('judgement')) {
    fail(
      'invalid',
      'judgement-does-not-raise',
      'A judgement may only raise the level that the answers give.',
      [
        {
          field: 'risk_answers.judgement.raise_to',
          rule: 'judgement-does-not-raise',
          message: 'must be higher than the level that the answers give',
        },
      ],
    );
  }
  const about = { incidentId: null, personId: null, perpetratorPersonIds: [] };
  return assessment({ ...made, ...about, occurredAt }, instrument, answers);
}

/**
 * The assessment of answers that came with an incident, or why they cannot be assessed: a feed's incident is kept
 * whatever its answers are worth. A judgement that would not raise the level stays on record without effect.
 */
export function assessIncident(made: Made, answers: RiskAnswers): Assessment | AnswerProblem {
  const instrument = instrumentOn(answers.instrument, localDate(made.occurredAt));
  const [problem] = answerProblems(instrument, answers);
  if (instrument === undefined) return { slug: 'unknown-instrument' };
  return problem ?? assessment(made, instrument, answers);
}

/** The level that answers give, raised by a judgement that is higher (domain.md §1). */
export function levelOf({ bands }: Instrument, answers: RiskAnswers): Leveled {
  const yes = score(answers.answers);
  const level = levelOfScore(yes, bands);
  const raiseTo = raisedTo(answers);
  if (raiseTo !== null && higher(raiseTo, level))
    return { score: yes, level: raiseTo, reasons: ['score', 'judgement'] };
  return { score: yes, level, reasons: ['score'] };
}

/** Count of yes answers; "no" and "don't know" count nothing (domain.md §1). */
export function score(answers: readonly RiskAnswer[]): number {
  return answers.filter((answer) => answer.value === AnswerValue.YES).length;
}

/** What an instrument cannot assess, in the order of the answers; empty when it can assess them all. */
export function answerProblems(
  instrument: Instrument | undefined,
  { answers }: RiskAnswers,
): readonly AnswerProblem[] {
  if (instrument === undefined) return [{ slug: 'unknown-instrument' }];
  const known = new Set(instrument.pack.questions.map((question) => question.key));
  const seen = new Set<string>();
  const problems: AnswerProblem[] = [];
  answers.forEach(({ question, value }, index) => {
    if (!known.has(question)) problems.push({ slug: 'unknown-question', question, index });
    else if (seen.has(question)) problems.push({ slug: 'duplicate-question', question, index });
    else if (enumNameOrNull(AnswerValue, value) === null)
      problems.push({ slug: 'unknown-answer', question, index });
    seen.add(question);
  });
  return problems;
}

function raisedTo({ judgement }: RiskAnswers): Level | null {
  return judgement === undefined ? null : enumNameOrNull(RiskLevel, judgement.raiseTo);
}

function assessment({ now, ...made }: Made, instrument: Instrument, answers: RiskAnswers): Assessment {
  const { level, reasons } = levelOf(instrument, answers);
  return {
    ...made,
    instrument: instrument.pack.instrument,
    instrumentVersion: instrument.pack.version,
    level,
    levelReasons: reasons,
    recordedAt: now,
  };
}

const problemTexts: Readonly<Record<AnswerProblem['slug'], string>> = {
  'unknown-instrument': 'There is no such risk instrument in force on that day',
  'unknown-question': 'The instrument has no such question',
  'duplicate-question': 'A question is answered twice',
  'unknown-answer': 'An answer is not one of yes, no and don’t know',
};

function refuse({ slug, question, index }: AnswerProblem = { slug: 'unknown-instrument' }): never {
  const field = index === undefined ? 'risk_answers.instrument' : `risk_answers.answers[${index}].question`;
  const detail = question === undefined ? problemTexts[slug] : `${problemTexts[slug]}: ${question}`;
  return fail('invalid', slug, `${detail}.`, [{ field, rule: slug, message: problemTexts[slug] }]);
}
