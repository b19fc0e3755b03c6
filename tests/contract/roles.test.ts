import { readRealm } from '@midas/cli/backing';
import { contractRoles } from '@midas/kit';
import { expect, it } from 'vitest';
import { services } from '../setup/platform.ts';

it('the realm has the roles of the contract and one a process, and no other', async () => {
  const realm = await readRealm();
  const processes = [...services, 'gateway'].map((name) => `service:${name}`);
  expect(realm.roles.realm.map(({ name }) => name).toSorted()).toEqual(
    [...contractRoles().keys(), ...processes].toSorted(),
  );
});
