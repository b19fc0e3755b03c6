/** Until when the rules keep a person's records; null while something is open. */
interface Kept {
  readonly personId: string;
  readonly keepUntil: Date | null;
}

export interface Due {
  readonly personId: string;
  readonly keptUntil: Date;
}

/** Persons whose records no rule keeps any longer and no hold keeps from erasure. */
export function duePersons(kept: readonly Kept[], held: ReadonlySet<string>, now: Date): readonly Due[] {
  return kept.flatMap(({ personId, keepUntil }) =>
    keepUntil !== null && keepUntil <= now && !held.has(personId) ? [{ personId, keptUntil: keepUntil }] : [],
  );
}

const SECOND = 1_000;

/** When an erasure that could not be finished is tried again: after 1 s, then ever later, at most an hour. */
export const nextErasureTry = (attempts: number, now: Date): Date =>
  new Date(now.getTime() + Math.min(2 ** attempts, 3_600) * SECOND);
