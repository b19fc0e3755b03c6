/** What is counted: the rows of one kind of fact, narrowed by what the measure is about. */
export type Count =
  /** Incidents by the organisation that reported them and the level of their assessment; all levels when left out. */
  | { readonly fact: 'incident'; readonly organisation: string; readonly level?: string }
  | { readonly fact: 'marac'; readonly repeat?: true }
  | { readonly fact: 'referral'; readonly kind?: string; readonly support?: string; readonly engaged?: true }
  /** Distinct persons with at least one attended session. */
  | { readonly fact: 'attendance'; readonly programme: string };

/** First and last day, inclusive, YYYY-MM-DD in Europe/London. */
export interface Period {
  readonly first: string;
  readonly last: string;
}

interface Described {
  readonly id: string;
  readonly period: Period;
  readonly cohort: string;
  readonly source: string;
  readonly definition: string;
}

export type MeasureDefinition =
  | (Described & { readonly kind: 'count'; readonly count: Count })
  | (Described & {
      readonly kind: 'percent';
      readonly part: Count;
      readonly whole: Count;
      /** Decimals that the source's own figure has. */
      readonly decimals: number;
    });

const year2017: Period = { first: '2017-01-01', last: '2017-12-31' };
const toMidApril2018: Period = { first: '2018-01-01', last: '2018-04-15' };
const financialYear2017: Period = { first: '2017-04-01', last: '2018-03-31' };

const nothingToDivide = 'Shown as 0 when there were none.';

const victimSupport = {
  period: financialYear2017,
  cohort: 'Recorded incidents of domestic abuse reported through Victim Support',
  source: 'Incident feed of Victim Support; level recorded by the risk service',
};

function incidents(name: string, level: string): MeasureDefinition {
  return {
    ...victimSupport,
    id: `incidents.${name}`,
    kind: 'count',
    count: { fact: 'incident', organisation: 'victim-support', level },
    definition:
      `Incidents by the day they were reported, whose assessment gave ${name} risk from the answers sent and any upward ` +
      'judgement. An incident that is not assessed is in no level.',
  };
}

function marac(id: string, period: Period, cohort: string): readonly MeasureDefinition[] {
  const described = { period, cohort, source: 'MARAC referrals recorded by the risk service' };
  const whole: Count = { fact: 'marac' };
  const part: Count = { fact: 'marac', repeat: true };
  return [
    {
      ...described,
      id: `${id}.referred`,
      kind: 'count',
      count: whole,
      definition: 'Cases by the day they were referred to MARAC.',
    },
    {
      ...described,
      id: `${id}.repeats`,
      kind: 'count',
      count: part,
      definition:
        'Cases referred whose named incident happened, between the same victim and a same perpetrator, after the pair’s ' +
        'last MARAC referral and within the window of the repeat rule (12 calendar months unless configured otherwise).',
    },
    {
      ...described,
      id: `${id}.repeat_percent`,
      kind: 'percent',
      part,
      whole,
      decimals: 1,
      definition: `Repeats as a percentage of cases referred, to one decimal. ${nothingToDivide}`,
    },
  ];
}

const idva = {
  period: financialYear2017,
  cohort: 'Referrals to the IDVA service',
  source: 'Referrals recorded by the referral service; contacts recorded by the case service',
};

/** The measures of the commissioners' report, in its order (domain.md §0, the 2018 Memorandum of Information). */
export const measures: readonly MeasureDefinition[] = [
  incidents('high', 'HIGH'),
  incidents('medium', 'MEDIUM'),
  incidents('standard', 'STANDARD'),
  {
    ...victimSupport,
    id: 'incidents.total',
    kind: 'count',
    count: { fact: 'incident', organisation: 'victim-support' },
    definition:
      'Incidents by the day they were reported, of all three levels together. An incident that is not assessed is not counted.',
  },
  ...marac('marac_2017', year2017, 'Cases referred to MARAC in 2017'),
  ...marac('marac_2018_to_april', toMidApril2018, 'Cases referred to MARAC in 2018, to mid-April'),
  {
    ...idva,
    id: 'idva.referred',
    kind: 'count',
    count: { fact: 'referral', support: 'IDVA' },
    definition: 'Referrals that ask for an IDVA, by the day they were referred.',
  },
  {
    ...idva,
    id: 'idva.engaged_percent',
    kind: 'percent',
    part: { fact: 'referral', support: 'IDVA', engaged: true },
    whole: { fact: 'referral', support: 'IDVA' },
    decimals: 0,
    definition:
      'Referrals whose case became engaged, at any time, as a whole percentage of those referred. Engaged: a safe two-way ' +
      `contact was made and support accepted. ${nothingToDivide}`,
  },
  {
    id: 'one_stop_shop.referred',
    kind: 'count',
    count: { fact: 'referral', kind: 'ONE_STOP_SHOP' },
    period: year2017,
    cohort: 'Referrals through the One Stop Shop',
    source: 'Referrals recorded by the referral service',
    definition:
      'Referrals that came by the One Stop Shop, by the day they were referred, whatever support they ask for.',
  },
  {
    id: 'freedom_programme.attended',
    kind: 'count',
    count: { fact: 'attendance', programme: 'FREEDOM' },
    period: year2017,
    cohort: 'Persons who attended the Freedom Programme',
    source:
      'Group sessions recorded by the case service; the figure published for 2017 is an estimate in source',
    definition:
      'Distinct persons with at least one attended session held in the period. Compared with an estimate in source.',
  },
];

/** What a reader must know before comparing the measures (the note under the 2018 paper's figures). */
export const notes: readonly string[] = [
  'The measures come from different organisations, which count different things (victims, cases, referrals, incidents) over ' +
    'different periods and by different methods. They are not the same cohort: direct comparisons cannot be made across data ' +
    'sources, and the figures do not necessarily add up.',
  'The published attendance of the Freedom Programme is an estimate in source; here it is counted from recorded sessions.',
  'Only abuse that was reported is counted, which is part of what is experienced.',
  'Days are those of the United Kingdom (Europe/London); both ends of a period are included.',
];
