import type { AccessRule } from '../contract/methods.ts';
import type { Caller } from '../identity/caller.ts';
import type { PureAbility } from './ability.ts';

/**
 * Who may do what in one service. Rules say action, subject and conditions on the record; their fields are privacy
 * classes. What no rule grants is refused.
 */
export interface Policy {
  /** Rules of this caller; `asked` is what the RPC needs, so that nothing is fetched that could not matter. */
  abilityFor(caller: Caller, asked: AccessRule): PureAbility | Promise<PureAbility>;
}
