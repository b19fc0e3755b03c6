import { type Instrument, higher, type Level, levelOfScore } from '../instrument/instrument.ts';

export interface Answer {
  readonly question: string;
  readonly value: 'YES' | 'NO' | 'DONT_KNOW' | 'UNKNOWN';
}

/** What was asked, answered and judged. */
export interface Answers {
  readonly instrument: string;
  readonly answers: readonly Answer[];
  /** A practitioner's reasoned judgement; the reason stays with the sealed answers. */
  readonly raiseTo?: Level | undefined;
}

/** Why answers cannot be assessed. */
export interface AnswerProblem {
  readonly slug: 'unknown-question' | 'duplicate-question' | 'unknown-answer';
  readonly question: string;
  /** Place of the answer in the list. */
  readonly index: number;
}

export interface Assessed {
  /** Count of yes answers. */
  readonly score: number;
  readonly level: Level;
  /** The rules that set the level. */
  readonly reasons: readonly ('score' | 'judgement')[];
}

/** Answers that the instrument does not know, in the order given; empty when all can be assessed. */
export function answerProblems(instrument: Instrument, answers: readonly Answer[]): readonly AnswerProblem[] {
  const known = new Set(instrument.pack.questions.map((question) => question.key));
  const seen = new Set<string>();
  const problems: AnswerProblem[] = [];
  answers.forEach(({ question, value }, index) => {
    if (!known.has(question)) problems.push({ slug: 'unknown-question', question, index });
    else if (seen.has(question)) problems.push({ slug: 'duplicate-question', question, index });
    else if (value === 'UNKNOWN') problems.push({ slug: 'unknown-answer', question, index });
    seen.add(question);
  });
  return problems;
}

/** Count of yes answers; "no" and "don't know" count nothing (domain.md §1). */
export function score(answers: readonly Answer[]): number {
  return answers.filter((answer) => answer.value === 'YES').length;
}

/** Whether a judgement would change the level that the answers give; it may raise, never lower. */
export function judgementRaises(instrument: Instrument, { answers, raiseTo }: Answers): boolean {
  return raiseTo !== undefined && higher(raiseTo, levelOfScore(score(answers), instrument.bands));
}

/** The level that answers without problems give, raised by a judgement that is higher. */
export function assess(instrument: Instrument, given: Answers): Assessed {
  const yes = score(given.answers);
  if (given.raiseTo !== undefined && judgementRaises(instrument, given)) {
    return { score: yes, level: given.raiseTo, reasons: ['score', 'judgement'] };
  }
  return { score: yes, level: levelOfScore(yes, instrument.bands), reasons: ['score'] };
}
