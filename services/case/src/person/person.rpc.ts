import { command, enumName, fail, type Handlers } from '@midas/kit';
import { PersonRole, type PersonServiceService, ResolvePersonsResponse } from '@midas/proto/case/v1/case';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { PersonStore } from './person.store.ts';
import type { PersonRole as Role } from './person.ts';

const ROLES: Readonly<Record<'VICTIM' | 'ALLEGED_PERPETRATOR' | 'CHILD', Role>> = {
  VICTIM: 'victim',
  ALLEGED_PERPETRATOR: 'alleged-perpetrator',
  CHILD: 'child',
};

/** Handlers of who is who; they answer services only. */
export function personHandlers({
  persons,
}: {
  readonly persons: PersonStore;
}): Handlers<typeof PersonServiceService, PrismaClient> {
  return {
    resolvePersons: command({
      decide: async ({ sourceKind, sourceId, persons: asked }, unit) => {
        const sendings = asked.map(({ role, particulars }) => ({
          role: ROLES[enumName(PersonRole, role)],
          particulars:
            particulars ?? fail('invalid', 'particulars-missing', 'A person was sent without particulars.'),
        }));
        const found = await persons.resolve(unit.db, { kind: sourceKind, id: sourceId }, sendings, unit.now);
        const personIds = found.map(({ personId }) => personId);
        return {
          id: sourceId,
          version: 1,
          answer: ResolvePersonsResponse.fromPartial({ personIds }),
          audit: personIds,
        };
      },
      // Services send no idempotency key here: source and part answer the same person again by themselves.
      reread: async () =>
        fail('unsupported', 'not-replayable', 'Persons are resolved again by their source, not by a key.'),
    }),
  };
}
