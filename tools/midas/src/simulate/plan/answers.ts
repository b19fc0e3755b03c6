import type { Random } from '../random.ts';
import type { Json } from './step.ts';

export type Level = 'high' | 'medium' | 'standard';

/** Keys of the 24 questions of DASH (domain.md §1), in their order. */
const DASH_QUESTIONS = [
  'injury_current',
  'very_frightened',
  'fear_of_what',
  'isolated',
  'low_or_suicidal',
  'separated_12m',
  'child_contact_conflict',
  'stalking_contact',
  'pregnant_or_baby_18m',
  'more_often',
  'worse',
  'control_jealousy',
  'weapons_objects',
  'threat_to_kill',
  'strangle_choke_drown',
  'sexual_harm',
  'afraid_of_other_person',
  'hurt_others',
  'animal_harm',
  'financial_dependence',
  'perp_drugs_alcohol_mh',
  'perp_suicide',
  'breach',
  'police_history',
] as const;

/** Lowest count of yes answers of a level (domain.md §1): 14 high, 10 medium. */
const YES_OF_LEVEL = { high: [14, 22], medium: [10, 13], standard: [0, 9] } as const;

const REASONS = [
  'Escalating pattern over the last weeks that the answers alone do not show.',
  'Disclosure after the questions suggests more than was answered on the form.',
  'Several agencies hold concerns about the same household this month.',
];

/**
 * Answers to DASH that make a level: by the count of yes alone, or for some a lower count with a reasoned judgement
 * that raises it. Nothing in them names the level otherwise. JSON of midas.common.v1.RiskAnswers.
 */
export function answersFor(level: Level, answeredAt: string, chance: Random): Json {
  const raised = level !== 'standard' && chance.chance(0.08);
  const scored: Level = raised
    ? level === 'high'
      ? chance.pick(['medium', 'standard'] as const)
      : 'standard'
    : level;
  const [fewest, most] = YES_OF_LEVEL[scored];
  const yes = new Set(chance.shuffle(DASH_QUESTIONS).slice(0, chance.int(fewest, most)));
  return {
    instrument: 'dash-24',
    answers: DASH_QUESTIONS.map((question) => ({
      question,
      value: yes.has(question)
        ? 'ANSWER_VALUE_YES'
        : chance.chance(0.15)
          ? 'ANSWER_VALUE_DONT_KNOW'
          : 'ANSWER_VALUE_NO',
    })),
    ...(raised
      ? { judgement: { raise_to: `RISK_LEVEL_${level.toUpperCase()}`, reason: chance.pick(REASONS) } }
      : {}),
    answered_at: answeredAt,
  };
}
