import { createPrismaAbility } from '@casl/prisma/runtime';
import type { Privacy } from '../contract/privacy.ts';
import type { PureAbility, Where } from './ability.ts';

/** One line of a policy. A service narrows action, subject and conditions to its own. */
export interface Rule {
  readonly action: string;
  readonly subject: string;
  /** Privacy classes that it shows; NONE only when left out. */
  readonly fields?: readonly Privacy[];
  /** Prisma condition on the record. No value in it may be undefined: Prisma would drop that key. */
  readonly conditions?: Where;
  /** Takes away instead of granting, every field, whatever rules before it granted. */
  readonly inverted?: true;
}

/** Rules of one caller as an ability. No rules allow nothing. */
export function abilityOf(rules: readonly Rule[]): PureAbility {
  return createPrismaAbility(
    rules.map(({ action, subject, fields = ['NONE'], conditions, inverted }) => ({
      action,
      subject,
      ...(inverted ? { inverted } : { fields: [...fields] }),
      ...(conditions && { conditions }),
    })),
    // CASL's own wildcards off: a verb such as "manage" grants itself and nothing more.
    { anyAction: '*', anySubjectType: '*' },
  );
}
