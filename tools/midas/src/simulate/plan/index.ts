import type { Figures } from '../figures.ts';
import { people } from '../people/person.ts';
import { random } from '../random.ts';
import { freedomSteps } from './freedom.ts';
import { healthSteps } from './health.ts';
import { idvaWork } from './idva.ts';
import { incidentStep, incidentsOfTheYear } from './incidents.ts';
import { maracEntries } from './marac.ts';
import { maracSteps } from './marac-steps.ts';
import { oneStopShopWork } from './one-stop-shop.ts';
import { programmeSteps } from './programme.ts';
import type { Step } from './step.ts';

/**
 * The whole year as a list of calls in the order in which they happened, the same for the same seed and figures:
 * MARAC of 2016, then 1 January 2017 to mid-April 2018 and what follows from it. No step stands before one it needs.
 */
export function planYear(seed: number, figures: Figures): readonly Step[] {
  const everybody = people(seed);
  const chance = (label: string) => random(seed, label);
  const reference = (id: string): string => `${seed}/${id}`;

  const marac = maracEntries(figures, everybody, chance('marac'));
  const { incidents, namedBy } = incidentsOfTheYear(figures, marac, everybody, chance('incidents'));
  const idva = idvaWork(figures, { marac, incidents }, everybody, chance('idva'), reference);
  const oneStopShop = oneStopShopWork(figures, incidents, everybody, chance('one-stop-shop'), reference);
  const cases = { idva: idva.cases, walkIns: oneStopShop.cases };
  const meetings = chance('marac-meetings');
  const answers = chance('answers');

  const steps: readonly Step[] = [
    ...marac.flatMap((entry) => maracSteps(entry, namedBy.get(entry.id), reference, meetings)),
    ...incidents.map((incident) => incidentStep(incident, reference, answers)),
    ...idva.steps,
    ...oneStopShop.steps,
    ...freedomSteps(figures, cases, everybody, chance('freedom'), reference),
    ...healthSteps(idva.cases, chance('health')),
    ...programmeSteps(figures, marac, chance('programme')),
  ];
  // A stable sort: what happens at one moment keeps the order in which it was made.
  return steps.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}
