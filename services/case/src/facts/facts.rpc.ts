import { type Handlers, query } from '@midas/kit';
import {
  CallerFacts,
  type CallerFactsServiceService,
  RelationKind,
  ShareScope,
} from '@midas/proto/case/v1/access';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import type { FactStore } from './facts.store.ts';
import { relationsOf } from './facts.ts';

/** Handlers of relationship facts; they answer services only, of the user in whose request these ask. */
export function factHandlers({
  facts,
}: {
  readonly facts: FactStore;
}): Handlers<typeof CallerFactsServiceService, PrismaClient> {
  return {
    getCallerFacts: query(async (_, { caller, db, now }) => {
      const user = caller.actingFor;
      if (user === undefined) return { answer: CallerFacts.fromPartial({}), audit: [] };
      const standing = await facts.of(db, user, now);
      const held = await facts.held(db, user, standing.blockedPersonIds);
      const relations = relationsOf(held, standing).map(({ kind, scope, ...ids }) => ({
        ...ids,
        kind: RelationKind[kind],
        scope: ShareScope[scope ?? 'UNSPECIFIED'],
      }));
      const blockedPersonIds = [...standing.blockedPersonIds];
      return { answer: CallerFacts.fromPartial({ relations, blockedPersonIds }), audit: [] };
    }),
  };
}
