import { type EnumName, fail } from '@midas/kit/rules';
import type { ClosureReason as WireClosureReason } from '@midas/proto/case/v1/case';

/** Why a case was closed, by the names of the contract. */
export type ClosureReason = EnumName<typeof WireClosureReason>;

/** A case from the referral that opened it to its closing. `version` is that of its latest event. */
export interface CaseState {
  readonly id: string;
  readonly referralId: string;
  readonly personId: string;
  /** Provider that holds the case; null when it is not known. */
  readonly organisation: string | null;
  readonly openedAt: Date;
  /** User name of the worker, and the worker's team; null until allocated. */
  readonly worker: string | null;
  readonly team: string | null;
  readonly allocatedAt: Date | null;
  /** First safe two-way contact in which support was accepted (domain.md §3). */
  readonly engagedAt: Date | null;
  readonly closedAt: Date | null;
  readonly closureReason: ClosureReason | null;
  readonly version: number;
}

/** What happened to a case, in the words of its events; `at` is when it happened, not when it was recorded. */
export type CaseEvent =
  | { readonly kind: 'opened'; readonly at: Date; readonly version: number }
  | { readonly kind: 'allocated'; readonly at: Date; readonly version: number; readonly team: string }
  | { readonly kind: 'engaged'; readonly at: Date; readonly version: number }
  | { readonly kind: 'closed'; readonly at: Date; readonly version: number; readonly reason: ClosureReason };

export interface CaseDecision {
  readonly state: CaseState;
  readonly events: readonly CaseEvent[];
}

export interface Opening {
  readonly id: string;
  readonly referralId: string;
  readonly personId: string;
  readonly organisation: string | null;
  readonly acceptedAt: Date;
}

/** Opens a case at the moment its referral was accepted, however late the news of it came. */
export const openCase = ({ id, referralId, personId, organisation, acceptedAt }: Opening): CaseDecision => ({
  state: {
    id,
    referralId,
    personId,
    organisation,
    openedAt: acceptedAt,
    worker: null,
    team: null,
    allocatedAt: null,
    engagedAt: null,
    closedAt: null,
    closureReason: null,
    version: 1,
  },
  events: [{ kind: 'opened', at: acceptedAt, version: 1 }],
});

export interface Allocation {
  readonly worker: string;
  readonly team: string;
  readonly at: Date;
}

/** Gives an open case to a worker; a case may be given on. Fails with `case-closed`, or `invalid` for the time. */
export const allocateCase = (state: CaseState, { worker, team, at }: Allocation, now: Date): CaseDecision => {
  refuseClosed(state);
  checkTime(state, at, now);
  const version = state.version + 1;
  return {
    state: { ...state, worker, team, allocatedAt: at, version },
    events: [{ kind: 'allocated', at, version, team }],
  };
};

export interface Closing {
  readonly reason: ClosureReason;
  readonly at: Date;
}

/** Closes an open case with a reason. Nothing that happened to the case may lie after its closing. */
export const closeCase = (state: CaseState, { reason, at }: Closing, now: Date): CaseDecision => {
  refuseClosed(state);
  checkTime(state, at, now);
  const latest = Math.max(state.allocatedAt?.getTime() ?? 0, state.engagedAt?.getTime() ?? 0);
  if (at.getTime() < latest) {
    fail('invalid', 'closed-before-last-event', 'The case cannot close before it was allocated or engaged.', [
      {
        field: 'occurred_at',
        rule: 'closed-after-events',
        message: 'must not be before the case was allocated or engaged',
      },
    ]);
  }
  const version = state.version + 1;
  return {
    state: { ...state, closedAt: at, closureReason: reason, version },
    events: [{ kind: 'closed', at, version, reason }],
  };
};

/** Fails with conflict `case-closed` when the case is closed. */
export const refuseClosed = (state: Pick<CaseState, 'closedAt'>): void => {
  if (state.closedAt !== null) fail('conflict', 'case-closed', 'The case is closed.');
};

/** Fails with `invalid` unless `at` lies between the opening of the case and now. */
export const checkTime = (state: Pick<CaseState, 'openedAt'>, at: Date, now: Date): void => {
  if (at.getTime() > now.getTime()) {
    fail('invalid', 'occurred-in-future', 'The time lies in the future.', [
      { field: 'occurred_at', rule: 'not-in-future', message: 'must not be in the future' },
    ]);
  }
  if (at.getTime() < state.openedAt.getTime()) {
    fail('invalid', 'occurred-before-opening', 'The time lies before the case was opened.', [
      { field: 'occurred_at', rule: 'not-before-opening', message: 'must not be before the case was opened' },
    ]);
  }
};
