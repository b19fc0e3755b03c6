import { abilityOf, type Caller, type Policy } from '@midas/kit';

const commissioning = ['council', 'ccg'];

/** What Keycloak itself puts in a token says nothing about who a person is here. */
const isOwnRole = (role: string): boolean =>
  !role.startsWith('default-roles-') && role !== 'offline_access' && role !== 'uma_authorization';

/**
 * A commissioner holds no role that sees a person's row, and nobody one of the programme beside one of the survivor side
 * (access.md, the wall); a token that says otherwise is refused.
 */
function mayReadReport({ kind, roles, organisationKind }: Caller): boolean {
  if (kind !== 'user') return false;
  if (roles.includes('commissioner')) {
    const others = roles.filter((role) => isOwnRole(role) && role !== 'commissioner');
    return others.length === 0 && commissioning.includes(organisationKind);
  }
  if (roles.some((role) => role.startsWith('programme-'))) return false;
  return roles.includes('service-manager') && organisationKind === 'provider';
}

/** Who reads the report: commissioners of the council or the CCG, and the provider's service managers. */
export const policy = {
  abilityFor: (caller: Caller) =>
    abilityOf(mayReadReport(caller) ? [{ action: 'read', subject: 'Report' }] : []),
} satisfies Policy;
