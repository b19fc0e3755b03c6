import { Metadata } from '@grpc/grpc-js';
import { access } from '../access/ability.ts';
import { abilityOf, type Rule } from '../access/rules.ts';
import { standingOf } from '../access/standing.ts';
import { contractRoles } from '../contract/roles.ts';
import { digest } from '../db/keys.ts';
import type { Codec } from '../db/types.ts';
import type { Caller } from '../identity/caller.ts';
import { authenticate } from '../rpc/authenticate.ts';
import { testRealm } from '../rpc/fixture/tokens.ts';
import { shown } from '../rpc/shown.ts';
import { testKeyRing } from './config.ts';

/** What a call answers, and the rules under which it does. */
export interface Checked<T extends object> {
  readonly role: string;
  readonly rulesFor: (caller: Caller) => readonly Rule[];
  readonly subject: string;
  readonly row: object;
  readonly codec: Codec<T>;
  readonly message: T;
}

/**
 * Milliseconds of what is done to an answer of one record, call by call: with both tokens verified, rules made, the
 * record judged and masked and its version digested; and without any of it, written out as it is. Tokens are known, as
 * they are after a user's first call.
 */
export async function checkCost<T extends object>(
  { role, rulesFor, subject, row, codec, message }: Checked<T>,
  turns: number,
): Promise<{ readonly checked: readonly number[]; readonly bare: readonly number[] }> {
  const realm = await testRealm();
  const authentication = {
    callee: 'case',
    verifyService: realm.verifier('case'),
    verifyUser: realm.verifier('midas'),
  };
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${await realm.service('gateway', 'case')}`);
  metadata.set('x-user-authorization', `Bearer ${await realm.user('case-worker@provider', [role])}`);
  const permission = { kind: 'permission', action: 'read', subject } as const;
  const roles = contractRoles();
  const keyed = digest(testKeyRing());

  const withChecks = async (): Promise<void> => {
    const caller = standingOf(roles, await authenticate(authentication, metadata, permission, undefined), '');
    const checks = access(abilityOf(rulesFor(caller)));
    const answers = shown(checks, keyed);
    checks.require('read', subject, row);
    const answer = answers.show(subject, row, codec, message);
    answers.etag(answer);
    codec.encode(answers.finish(codec.$type, answer) as T).finish();
  };
  const without = async (): Promise<void> => void codec.encode(message).finish();

  const timed = async (work: () => Promise<void>): Promise<readonly number[]> => {
    for (let turn = 0; turn < turns / 5; turn++) await work();
    const milliseconds: number[] = [];
    for (let turn = 0; turn < turns; turn++) {
      const begun = performance.now();
      await work();
      milliseconds.push(performance.now() - begun);
    }
    return milliseconds;
  };
  return { checked: await timed(withChecks), bare: await timed(without) };
}
