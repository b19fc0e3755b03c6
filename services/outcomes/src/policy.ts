import { abilityOf, type Caller, type Policy, type Rule } from '@midas/kit';

/** Roles that read the report; where they may be held, and what excludes them, the contract says. */
const READERS = ['commissioner', 'service-manager'];

/** Aggregates are for people: commissioners, and the provider's service managers. */
export const rulesFor = ({ kind, roles }: Caller): readonly Rule[] =>
  kind === 'user' && roles.some((role) => READERS.includes(role))
    ? [{ action: 'read', subject: 'Report' }]
    : [];

export const policy: Policy = { abilityFor: (caller) => abilityOf(rulesFor(caller)) };
