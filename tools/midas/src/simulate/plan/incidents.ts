import type { Figures } from '../figures.ts';
import { perpetratorParticulars, victimParticulars } from '../people/particulars.ts';
import type { People } from '../people/person.ts';
import type { Random } from '../random.ts';
import { addMinutes } from '../time.ts';
import { ACTORS } from './actors.ts';
import { answersFor, type Level } from './answers.ts';
import {
  anyTime,
  type Couple,
  FINANCIAL_YEAR,
  firstSecond,
  lastSecond,
  newCouple,
  secondAfter,
  secondBefore,
} from './couple.ts';
import type { MaracEntry } from './marac-book.ts';
import type { Post } from './step.ts';

/** An incident that the police or Victim Support report. */
export interface Incident extends Couple {
  readonly id: string;
  readonly by: 'police' | 'victim-support';
  readonly occurredAt: string;
  readonly reportedAt: string;
  /** What the answers come to; undefined where nobody asked. */
  readonly level: Level | undefined;
  readonly perpetratorBirthDateKnown: boolean;
}

/** Incidents, and the id of the incident that each MARAC referral names, where it was reported. */
export interface Incidents {
  readonly incidents: readonly Incident[];
  readonly namedBy: ReadonlyMap<string, Incident>;
}

type Draft = Omit<Incident, 'id' | 'by'>;

/**
 * Victim Support's feed of April 2017 to March 2018 with exactly the wanted incidents of each level, and around it
 * what must not be counted: its incidents of other months (to the second before and after the period) and those
 * that the police report.
 */
export function incidentsOfTheYear(
  figures: Figures,
  marac: readonly MaracEntry[],
  people: People,
  chance: Random,
): Incidents {
  const namedBy = new Map<string, Incident>();
  const couples: Couple[] = [];
  const couple = (): Couple => {
    const made = couples.length > 0 && chance.chance(0.25) ? chance.pick(couples) : newCouple(people);
    couples.push(made);
    return made;
  };
  const draft = (reportedAt: string, level: Level | undefined): Draft => ({
    ...couple(),
    reportedAt,
    occurredAt: addMinutes(reportedAt, -chance.int(20, 4000)),
    level,
    perpetratorBirthDateKnown: chance.chance(0.9),
  });
  const named = ({ victim, perpetrator, incidentAt }: MaracEntry, level: Level | undefined): Draft => ({
    victim,
    perpetrator,
    occurredAt: incidentAt,
    reportedAt: addMinutes(incidentAt, chance.int(10, 1200)),
    level,
    perpetratorBirthDateKnown: true,
  });
  const numbered = (by: Incident['by'], drafts: readonly Draft[]): Incident[] =>
    drafts.map((one, index) => ({ ...one, by, id: `incident/${by}/${String(index + 1).padStart(5, '0')}` }));

  const { high, medium, standard } = figures.incidents;
  const total = high + medium + standard;
  const inYear = (entry: MaracEntry): boolean =>
    entry.incidentAt >= firstSecond(FINANCIAL_YEAR) &&
    addMinutes(entry.incidentAt, 1440) < lastSecond(FINANCIAL_YEAR);
  const fromMarac = chance
    .shuffle(marac.filter(inYear))
    .slice(0, Math.min(Math.floor(high / 2), Math.floor(marac.length * 0.4)));
  const levels = chance.shuffle<Level>([
    ...Array<Level>(high - fromMarac.length).fill('high'),
    ...Array<Level>(medium).fill('medium'),
    ...Array<Level>(standard).fill('standard'),
  ]);
  const counted = [
    ...fromMarac.map((entry) => named(entry, 'high')),
    ...levels.map((level, index) => draft(EDGES[index] ?? anyTime(chance, FINANCIAL_YEAR), level)),
  ];
  const around = NEAR_MISSES.map((at) => draft(at, chance.pick(LEVELS)));
  for (let i = 0; i < total * 0.03; i += 1) {
    const months = chance.pick([
      ['2017-01-01', '2017-03-30'],
      ['2018-04-02', '2018-04-15'],
    ] as const);
    around.push(draft(anyTime(chance, months), chance.pick(LEVELS)));
  }
  const victimSupport = numbered('victim-support', [...counted, ...around]);
  fromMarac.forEach((entry, index) => {
    const incident = victimSupport[index];
    if (incident) namedBy.set(entry.id, incident);
  });

  const toPolice = marac.filter(
    (entry) => !namedBy.has(entry.id) && entry.incidentAt >= '2017' && chance.chance(0.3),
  );
  const police = numbered('police', [
    ...toPolice.map((entry) => named(entry, chance.pick(LEVELS))),
    ...Array.from({ length: 2 + Math.round(total * 0.06) }, () =>
      draft(
        anyTime(chance, ['2017-01-01', '2018-04-15']),
        chance.chance(0.6) ? chance.pick(LEVELS) : undefined,
      ),
    ),
  ]);
  toPolice.forEach((entry, index) => {
    const incident = police[index];
    if (incident) namedBy.set(entry.id, incident);
  });
  return { incidents: [...victimSupport, ...police], namedBy };
}

const LEVELS: readonly Level[] = ['high', 'medium', 'standard'];

/** Times inside the period where clocks and comparisons go wrong: its first and last second, and both clock changes. */
const EDGES = [
  firstSecond(FINANCIAL_YEAR),
  lastSecond(FINANCIAL_YEAR),
  '2017-10-29T00:30:00Z',
  '2017-10-29T01:30:00Z',
  '2018-03-25T01:00:00Z',
];

/** A second before and a second after the period. */
const NEAR_MISSES = [secondBefore(FINANCIAL_YEAR), secondAfter(FINANCIAL_YEAR)];

const SOURCE_SYSTEM = { police: 'police-records', 'victim-support': 'vs-casework' } as const;

/** The call that reports an incident. */
export function incidentStep(incident: Incident, reference: (id: string) => string, chance: Random): Post {
  const { id, by, occurredAt, reportedAt, level, victim, perpetrator, perpetratorBirthDateKnown } = incident;
  return {
    kind: 'post',
    id,
    at: reportedAt,
    actor: by === 'police' ? ACTORS.policeSystem : ACTORS.victimSupportSystem,
    path: ['/v1/incidents'],
    body: {
      source_system: SOURCE_SYSTEM[by],
      source_reference: reference(id),
      occurred_at: occurredAt,
      reported_at: reportedAt,
      kind: chance.chance(0.55) ? 'INCIDENT_KIND_CRIME' : 'INCIDENT_KIND_NON_CRIME',
      victim: victimParticulars(victim, by),
      perpetrators: [perpetratorParticulars(perpetrator, perpetratorBirthDateKnown)],
      ...(level ? { risk_answers: answersFor(level, reportedAt, chance) } : {}),
      description: 'Attended after a call; account taken from the person reporting.',
    },
    answer: 'incident_id',
  };
}
