import { readFile } from 'node:fs/promises';
import { userError } from '../errors.ts';

const wrong = (message: string): never => {
  throw userError(message, `Figures are whole numbers by id; known ids: ${FIGURE_IDS.join(', ')}.`, 64);
};

/** What the replay aims at: counts of records, from which every measure of the report follows. */
export interface Figures {
  readonly incidents: { readonly high: number; readonly medium: number; readonly standard: number };
  readonly marac2017: { readonly referred: number; readonly repeats: number };
  readonly marac2018: { readonly referred: number; readonly repeats: number };
  readonly idva: { readonly referred: number; readonly engaged: number };
  readonly oneStopShop: { readonly referred: number };
  readonly freedom: { readonly attended: number };
}

/** The commissioners' own figures, Memorandum of Information of 2018. */
const PAPER_FIGURES: Readonly<Record<string, number>> = {
  'incidents.high': 714,
  'incidents.medium': 1555,
  'incidents.standard': 2458,
  'marac_2017.referred': 582,
  'marac_2017.repeats': 220,
  'marac_2018_to_april.referred': 188,
  'marac_2018_to_april.repeats': 64,
  'idva.referred': 531,
  'idva.engaged_percent': 89,
  'one_stop_shop.referred': 624,
  'freedom_programme.attended': 250,
};

const DERIVED = ['incidents.total', 'marac_2017.repeat_percent', 'marac_2018_to_april.repeat_percent'];

/** Every id that a figures file may name. */
export const FIGURE_IDS: readonly string[] = [...Object.keys(PAPER_FIGURES), ...DERIVED];

/** So many people can be told apart and be given a test NHS number. */
const MOST = 100_000;

const refuse = (id: string, why: string): never => wrong(`The figure "${id}" ${why}.`);

const roundHalfUp = (value: number): number => Math.floor(value + 0.5 + 1e-9);

/** A percentage with so many decimals, half up; 0 of 0 is 0. */
export function percent(part: number, whole: number, decimals: number): number {
  if (whole === 0) return 0;
  const unit = 10 ** decimals;
  return roundHalfUp((part * 100 * unit) / whole) / unit;
}

/** The count whose whole percentage is nearest to the one wanted; of two equally near, the lower one. */
function engagedCount(referred: number, wanted: number): number {
  const exact = (referred * wanted) / 100;
  const low = Math.floor(exact);
  return exact - low > 0.5 + 1e-9 ? low + 1 : low;
}

function checked(id: string, value: unknown): number {
  if (!FIGURE_IDS.includes(id)) {
    return refuse(id, 'is unknown');
  }
  if (typeof value !== 'number' || !Number.isFinite(value)) return refuse(id, 'must be a number');
  if (value < 0) return refuse(id, 'must not be negative');
  if (id.endsWith('repeat_percent')) return value;
  if (!Number.isInteger(value)) return refuse(id, 'must be a whole number');
  if (id.endsWith('_percent') && value > 100) return refuse(id, 'must be a percentage from 0 to 100');
  if (value > MOST) return refuse(id, `must be at most ${MOST}`);
  return value;
}

/**
 * The figures a replay aims at: the paper's, with those in `given` (a JSON object of numbers by figure id) put in
 * their place. Throws a user error naming the id that is unknown, impossible or at odds with the rest.
 */
export function figuresFrom(given: unknown = {}): Figures {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) {
    return wrong('The figures must be one JSON object of numbers by figure id.');
  }
  const own = new Map(Object.entries(given).map(([id, value]) => [id, checked(id, value)]));
  const value = (id: string): number => own.get(id) ?? PAPER_FIGURES[id] ?? 0;
  const marac = (period: string): { referred: number; repeats: number } => {
    const referred = value(`${period}.referred`);
    const repeats = value(`${period}.repeats`);
    if (repeats > referred) refuse(`${period}.repeats`, `is ${repeats}, but only ${referred} are referred`);
    agree(`${period}.repeat_percent`, percent(repeats, referred, 1));
    return { referred, repeats };
  };
  const agree = (id: string, follows: number): void => {
    const said = own.get(id);
    if (said !== undefined && said !== follows)
      refuse(id, `is ${said}, but ${follows} follows from the other figures`);
  };
  const incidents = {
    high: value('incidents.high'),
    medium: value('incidents.medium'),
    standard: value('incidents.standard'),
  };
  agree('incidents.total', incidents.high + incidents.medium + incidents.standard);
  const referred = value('idva.referred');
  const wanted = value('idva.engaged_percent');
  const engaged = engagedCount(referred, wanted);
  if (own.has('idva.engaged_percent') && percent(engaged, referred, 0) !== wanted) {
    refuse('idva.engaged_percent', `is ${wanted}, which no count of ${referred} referrals rounds to`);
  }
  return {
    incidents,
    marac2017: marac('marac_2017'),
    marac2018: marac('marac_2018_to_april'),
    idva: { referred, engaged },
    oneStopShop: { referred: value('one_stop_shop.referred') },
    freedom: { attended: value('freedom_programme.attended') },
  };
}

/** Figures from a JSON file. Throws a user error when it cannot be read or is wrong. */
export async function readFigures(file: string): Promise<Figures> {
  const text = await readFile(file, 'utf8').catch(() => wrong(`The figures file ${file} cannot be read.`));
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    return wrong(`The figures file ${file} is not JSON.`);
  }
  return figuresFrom(json);
}

/**
 * A smaller (or larger) year: every count is multiplied and rounded half up, the engaged count keeps the percentage
 * as nearly as whole people allow. Throws a user error unless 0 < scale ≤ 20.
 */
export function scaled(figures: Figures, scale: number): Figures {
  if (!(scale > 0 && scale <= 20)) wrong('The scale must be a number above 0 and at most 20.');
  if (scale === 1) return figures;
  const times = (count: number): number => roundHalfUp(count * scale);
  const marac = ({ referred, repeats }: Figures['marac2017']): Figures['marac2017'] => ({
    referred: times(referred),
    repeats: Math.min(times(repeats), times(referred)),
  });
  const { incidents, idva } = figures;
  const referred = times(idva.referred);
  return {
    incidents: {
      high: times(incidents.high),
      medium: times(incidents.medium),
      standard: times(incidents.standard),
    },
    marac2017: marac(figures.marac2017),
    marac2018: marac(figures.marac2018),
    idva: { referred, engaged: engagedCount(referred, percent(idva.engaged, idva.referred, 0)) },
    oneStopShop: { referred: times(figures.oneStopShop.referred) },
    freedom: { attended: times(figures.freedom.attended) },
  };
}

/** The values that the commissioners' report should read for these figures, by id. */
export function expectedMeasures(figures: Figures): Readonly<Record<string, number>> {
  const { incidents, marac2017, marac2018, idva } = figures;
  return {
    'incidents.high': incidents.high,
    'incidents.medium': incidents.medium,
    'incidents.standard': incidents.standard,
    'incidents.total': incidents.high + incidents.medium + incidents.standard,
    'marac_2017.referred': marac2017.referred,
    'marac_2017.repeats': marac2017.repeats,
    'marac_2017.repeat_percent': percent(marac2017.repeats, marac2017.referred, 1),
    'marac_2018_to_april.referred': marac2018.referred,
    'marac_2018_to_april.repeats': marac2018.repeats,
    'marac_2018_to_april.repeat_percent': percent(marac2018.repeats, marac2018.referred, 1),
    'idva.referred': idva.referred,
    'idva.engaged_percent': percent(idva.engaged, idva.referred, 0),
    'one_stop_shop.referred': figures.oneStopShop.referred,
    'freedom_programme.attended': figures.freedom.attended,
  };
}
