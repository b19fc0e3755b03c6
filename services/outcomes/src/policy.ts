import { AbilityBuilder } from '@casl/ability';
import { createPrismaAbility } from '@casl/prisma/runtime';
import { ALL_CLASSES, type Caller, type Policy } from '@midas/kit';

/** Who reads the report: commissioners of the council or the CCG, and the provider's service managers. */
export const policy: Policy = {
  abilityFor(caller) {
    const { can, build } = new AbilityBuilder(createPrismaAbility);
    if (mayReadReport(caller)) can('read', 'Report', [...ALL_CLASSES]);
    return build();
  },
};

const commissioning = ['council', 'ccg'];
// A commissioner holds no role that sees a person's row (access.md, the wall); a token that says otherwise is refused.
const withoutPersons = new Set(['commissioner', 'platform-operator', 'offline_access', 'uma_authorization']);

function mayReadReport({ kind, roles, organisationKind }: Caller): boolean {
  if (kind !== 'user') return false;
  if (roles.includes('commissioner')) {
    return (
      commissioning.includes(organisationKind) &&
      roles.every((role) => withoutPersons.has(role) || role.startsWith('default-roles-'))
    );
  }
  return roles.includes('service-manager') && organisationKind === 'provider';
}
