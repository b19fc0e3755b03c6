import type { Caller } from '../identity/caller.ts';
import type { PureAbility } from './ability.ts';

/**
 * Who may do what in one service. Rules say action, subject and conditions on the record; their fields are privacy
 * classes. What no rule grants is refused.
 */
export interface Policy {
  abilityFor(caller: Caller): PureAbility | Promise<PureAbility>;
}
