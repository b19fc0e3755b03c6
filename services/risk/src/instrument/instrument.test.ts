import { describe, expect, it } from 'vitest';
import { instrumentOn } from './instrument.ts';

describe('the built-in DASH pack', () => {
  it('holds the 24 keys of domain.md §1, each once', () => {
    const keys = instrumentOn('dash-24', '2017-01-01')?.pack.questions.map((question) => question.key);
    expect(keys).toEqual([
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
    ]);
  });

  it('is in force from its effective date', () => {
    expect(instrumentOn('dash-24', '2009-02-28')).toBeUndefined();
    expect(instrumentOn('dash-24', '2009-03-01')?.pack.version).toBe('2009.1');
  });

  it('answers undefined for an instrument that there is not', () => {
    expect(instrumentOn('dara', '2017-01-01')).toBeUndefined();
  });
});
