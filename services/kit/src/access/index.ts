export { type Access, access, mayEver, type PureAbility, type Where } from './ability.ts';
export { type Briefly, briefly } from './briefly.ts';
export { type Facts, type FactsOptions, factsAbout } from './facts.ts';
export type { Policy } from './policy.ts';
export { abilityOf, type Rule } from './rules.ts';
export { standingOf } from './standing.ts';
