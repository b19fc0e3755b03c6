import type { Remote } from '@midas/kit';
import { PersonRole, type PersonServiceService } from '@midas/proto/case/v1/case';
import type { Particulars } from '@midas/proto/common/v1/people';

/** What particulars came with; `case` and `risk` name it alike, so all three are told of the same persons. */
interface Source {
  readonly kind: 'referral' | 'incident';
  readonly id: string;
}

/** Asks `case` whom the particulars of a record mean, in their order: whom it is about, then those named beside. */
export async function personsOf(
  persons: Pick<Remote<PersonServiceService>, 'resolvePersons'>,
  { kind: sourceKind, id: sourceId }: Source,
  victim: Particulars | undefined,
  perpetrators: readonly Particulars[],
): Promise<readonly string[]> {
  const { personIds } = await persons.resolvePersons({
    sourceKind,
    sourceId,
    persons: [
      ...(victim ? [{ role: PersonRole.VICTIM, particulars: victim }] : []),
      ...perpetrators.map((particulars) => ({ role: PersonRole.ALLEGED_PERPETRATOR, particulars })),
    ],
  });
  return personIds;
}
