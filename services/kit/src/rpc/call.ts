import { access, type PureAbility } from '../access/ability.ts';
import type { KeyedDigest } from '../db/keys.ts';
import type { Pages } from '../db/pages.ts';
import type { Caller } from '../identity/caller.ts';
import type { Logger } from '../log/logger.ts';
import { type Shown, shown } from './shown.ts';
import type { Call } from './types.ts';

/** What the chain knows of one call before its handler runs. */
export interface Arrival {
  readonly caller: Caller;
  readonly ability: PureAbility;
  readonly traceId: string;
  readonly now: Date;
  readonly deadline: number;
  readonly signal: AbortSignal;
}

export interface CallTools {
  /** Digests that are kept, and stay when keys are replaced. */
  readonly digest: KeyedDigest;
  /** Digests of answers. */
  readonly etags: KeyedDigest;
  readonly pages: Pages;
  readonly log: Logger;
}

/** The call as handlers see it, and what the chain needs to finish it. */
export function makeCall(arrival: Arrival, { etags, pages, log }: CallTools): { call: Call; shown: Shown } {
  const { caller, ability, traceId, now, deadline, signal } = arrival;
  const checks = access(ability);
  const answers = shown(checks, etags);
  const call: Call = {
    caller,
    ability,
    purpose: (caller.actingFor ?? caller).purpose,
    traceId,
    now,
    deadline,
    signal,
    log,
    require: checks.require,
    may: checks.may,
    where: checks.where,
    show: answers.show,
    page: (request, fetch) =>
      pages.page({ ...request, binding: [caller.client, caller.subject, ...request.binding] }, fetch),
  };
  return { call, shown: answers };
}
