import { subject as asSubject } from '@casl/ability';
import { accessibleBy, type createPrismaAbility } from '@casl/prisma/runtime';
import { ALL_CLASSES, type Privacy } from '../contract/privacy.ts';
import { fail, notFound } from '../errors/domain-error.ts';

/** Rules of one caller, as `createPrismaAbility` makes them. */
export type PureAbility = ReturnType<typeof createPrismaAbility>;

/** A condition of a Prisma query. It has no key of its own in the types, so it fits every model's `where`. */
export type Where = Readonly<Record<never, never>>;

/** What one caller may do with records. */
export interface Access {
  /**
   * The record, if the caller may do this with it. A record that the caller may not read is answered like one that
   * does not exist (`not-found`); a readable one is `forbidden`.
   */
  require<Row extends object>(action: string, subject: string, row: Row | null | undefined): Row;
  /** Whether the caller may do this with this record; for what is shown or left out within a readable one. */
  may(action: string, subject: string, row: object): boolean;
  /** Condition that lists and counts only what the caller may do this with; of nothing, when that is nothing. */
  where(action: string, subject: string): Where;
  /** Privacy classes that the caller may read of this record. */
  classes(subject: string, row: object): ReadonlySet<Privacy>;
}

// Not the empty OR that CASL gives for no rule at all: Prisma drops that one within an AND, and then lists everything.
const nothing: Where = { id: { in: [] } };

/** Whether some rule lets the caller do this with some record of the subject. */
export function mayEver(ability: PureAbility, action: string, subject: string): boolean {
  return ability.can(action, subject);
}

/** Binds the checks to the rules of one caller. */
export function access(ability: PureAbility): Access {
  const can = (action: string, subject: string, row: object): boolean =>
    ability.can(action, asSubject(subject, { ...row }));
  return {
    require(action, subject, row) {
      if (row === null || row === undefined || !can('read', subject, row)) throw notFound(subject);
      if (action !== 'read' && !can(action, subject, row)) {
        return fail('forbidden', 'forbidden', 'You are not permitted to do this.');
      }
      return row;
    },
    may: can,
    where: (action, subject) =>
      ability.can(action, subject) ? accessibleBy(ability, action).ofType(subject) : nothing,
    classes(subject, row) {
      const record = asSubject(subject, { ...row });
      return new Set(ALL_CLASSES.filter((itsClass) => ability.can('read', record, itsClass)));
    },
  };
}
