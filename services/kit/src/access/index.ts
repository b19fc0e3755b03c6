export type { Access, PureAbility, Where } from './ability.ts';
export type { Policy } from './policy.ts';
