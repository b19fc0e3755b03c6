import type { Roles } from '../contract/roles.ts';
import { fail } from '../errors/domain-error.ts';
import type { Caller } from '../identity/caller.ts';

/**
 * The user with the roles that count: known to the contract, held at a kind of organisation that may hold them, fit
 * for the purpose. Fails (`forbidden`) when roles of two sides meet, wherever they are held, or when no role fits the
 * purpose that was named. A caller who names none asks for the standard purpose of his or her first role, no more.
 */
export function standingOf(roles: Roles, user: Caller, purpose: string): Caller {
  const known = user.roles.flatMap((name) => roles.get(name) ?? []);
  const sides = new Set(known.map(({ side }) => side).filter((side) => side !== 'NEUTRAL'));
  if (sides.size > 1)
    fail('forbidden', 'conflicting-roles', 'This account holds roles that exclude each other.');

  const held = known.filter(
    ({ organisationKinds }) =>
      organisationKinds.length === 0 || organisationKinds.includes(user.organisationKind),
  );
  const meant = purpose === '' ? (held[0]?.purposes[0] ?? '') : purpose;
  const fit = held.filter(({ purposes }) => purposes.includes(meant));
  if (purpose !== '' && fit.length === 0)
    fail('forbidden', 'purpose-not-permitted', 'Your role may not ask for this purpose.');
  return {
    ...user,
    roles: fit.map(({ name }) => name),
    purpose: meant,
  };
}
