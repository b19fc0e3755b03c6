import { randomInt } from 'node:crypto';

const letters = 'abcdefghijklmnopqrstuvwxyz';
const word = (length: number): string =>
  Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A valid NHS number from the range that is never given to anyone (999). */
function syntheticNhsNumber(): string {
  for (;;) {
    const nine = `999${String(randomInt(1_000_000)).padStart(6, '0')}`;
    const sum = [...nine].reduce((total, digit, at) => total + Number(digit) * (10 - at), 0);
    const check = (11 - (sum % 11)) % 11;
    if (check !== 10) return `${nine}${check}`;
  }
}

const inward = 'ABDEFGHJLNPQRSTUWXYZ';
const postcode = (): string =>
  `ME${randomInt(5, 9)} ${randomInt(1, 10)}${inward[randomInt(inward.length)]}${inward[randomInt(inward.length)]}`;

/** Particulars of a person who does not exist: letters drawn at random, a reserved NHS number. */
export function syntheticPerson(more: Readonly<Record<string, unknown>> = {}) {
  return {
    given_name: capital(word(7)),
    family_name: capital(word(9)),
    birth_date: `19${randomInt(60, 99)}-0${randomInt(1, 10)}-1${randomInt(0, 10)}`,
    nhs_number: syntheticNhsNumber(),
    gender: 'GENDER_FEMALE',
    phone: `+447700900${String(randomInt(1000)).padStart(3, '0')}`,
    address: { lines: [`${randomInt(1, 200)} ${capital(word(6))} Street`], postcode: postcode() },
    safe_contact: { phone: 'CONTACT_SAFETY_SAFE', note: word(12) },
    ...more,
  };
}

/** DASH answers: the first `yes` of these keys are yes, the others no. */
export function dashAnswers(yes: number) {
  const keys = [
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
  ];
  return {
    instrument: 'dash-24',
    answers: keys.map((question, at) => ({
      question,
      value: at < yes ? 'ANSWER_VALUE_YES' : 'ANSWER_VALUE_NO',
    })),
  };
}
