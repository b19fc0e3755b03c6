import { z } from 'zod';
import dash24 from './packs/dash-24.2009.1.json' with { type: 'json' };
import dash24Bands from './packs/dash-24.bands.json' with { type: 'json' };

export const levels = ['STANDARD', 'MEDIUM', 'HIGH'] as const;

/** A level of risk; the order of `levels` is the order of severity. */
export type Level = (typeof levels)[number];

const isoDate = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

const packSchema = z.strictObject({
  instrument: z.string().min(1),
  version: z.string().min(1),
  effectiveFrom: isoDate,
  source: z.string().min(1),
  questions: z
    .array(z.strictObject({ key: z.string().regex(/^[a-z0-9_]+$/), text: z.string().min(1) }))
    .min(1),
});

const bandsSchema = z
  .strictObject({
    instrument: z.string().min(1),
    effectiveFrom: isoDate,
    source: z.string().min(1),
    standard: z.literal(0),
    medium: z.int().positive(),
    high: z.int().positive(),
  })
  .refine((bands) => bands.medium < bands.high, 'medium must begin below high');

/** Questions of an instrument, in one version. */
type Pack = Readonly<z.infer<typeof packSchema>>;
/** The lowest score of each level. */
export type Bands = Readonly<z.infer<typeof bandsSchema>>;

/** What an assessment made on one day is scored with. */
export interface Instrument {
  readonly pack: Pack;
  readonly bands: Bands;
}

const packs: readonly Pack[] = [packSchema.parse(dash24)];
const bands: readonly Bands[] = z.array(bandsSchema).parse(dash24Bands);

/**
 * The instrument's questions and bands in force on a day (YYYY-MM-DD); undefined when there is none of that
 * name, or none in force yet.
 */
export function instrumentOn(name: string, day: string): Instrument | undefined {
  const pack = inForce(packs, name, day);
  const band = inForce(bands, name, day);
  return pack && band ? { pack, bands: band } : undefined;
}

/** The level that a score gives before any judgement. */
export function levelOfScore(score: number, bands: Bands): Level {
  if (score >= bands.high) return 'HIGH';
  return score >= bands.medium ? 'MEDIUM' : 'STANDARD';
}

/** True when `a` is a higher level than `b`. */
export function higher(a: Level, b: Level): boolean {
  return levels.indexOf(a) > levels.indexOf(b);
}

function inForce<T extends { readonly instrument: string; readonly effectiveFrom: string }>(
  all: readonly T[],
  name: string,
  day: string,
): T | undefined {
  return all
    .filter((one) => one.instrument === name && one.effectiveFrom <= day)
    .reduce<T | undefined>(
      (latest, one) => (latest && latest.effectiveFrom >= one.effectiveFrom ? latest : one),
      undefined,
    );
}
