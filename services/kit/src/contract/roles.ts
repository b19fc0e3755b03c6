import { getOption, hasOption, type Message, toBinary } from '@bufbuild/protobuf';
import { RoleRule, Side } from '@midas/proto/contract/v1/roles';
import { enumName } from './enums.ts';
import { extension, registry } from './registry.ts';

/** What the contract says of one realm role. */
export interface RoleContract {
  readonly name: string;
  /** Roles of two sides exclude each other; a `NEUTRAL` one goes with any. */
  readonly side: string;
  /** Kinds of organisation whose people may hold it; empty: any. */
  readonly organisationKinds: readonly string[];
  /** Purposes that fit it; the first is meant when a caller names none. */
  readonly purposes: readonly string[];
}

/** Roles by name. A role that is not here grants nothing. */
export type Roles = ReadonlyMap<string, RoleContract>;

const roleOption = extension('midas.contract.v1.role');

/** Every role of the contract. */
export function contractRoles(): Roles {
  const desc = registry.getEnum('midas.contract.v1.Role');
  if (desc === undefined || roleOption.message === undefined)
    throw new Error('The descriptors hold no roles.');
  const found = new Map<string, RoleContract>();
  for (const value of desc.values) {
    if (value.number === 0) continue;
    if (!hasOption(value, roleOption)) throw new Error(`The role ${value.name} has no role option.`);
    const option = getOption(value, roleOption) as Message;
    const { name, side, organisationKinds, purposes } = RoleRule.decode(toBinary(roleOption.message, option));
    found.set(name, { name, side: enumName(Side, side), organisationKinds, purposes });
  }
  return found;
}
