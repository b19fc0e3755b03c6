import { DomainError } from '@midas/kit/rules';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allocateCase,
  type CaseDecision,
  type CaseEvent,
  type CaseState,
  closeCase,
  openCase,
} from './case.ts';
import { type ContactMade, engages, logContact } from './contact.ts';

const day = (n: number): Date => new Date(Date.UTC(2018, 0, 1) + n * 86_400_000);
const now = day(1000);
const opened = openCase({
  id: 'c',
  referralId: 'r',
  personId: 'p',
  organisation: 'provider',
  acceptedAt: day(10),
});
const engaging = (at: Date): ContactMade => ({ safe: true, twoWay: true, supportAccepted: true, at });

const slugOf = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (error instanceof DomainError) return error.slug;
    throw error;
  }
  return 'allowed';
};

describe('opening', () => {
  it('happens when the referral was accepted', () => {
    expect(opened.state.openedAt).toEqual(day(10));
    expect(opened.events).toEqual([{ kind: 'opened', at: day(10), version: 1 }]);
  });
});

describe('allocation', () => {
  it('gives the case to a worker and may give it on', () => {
    const first = allocateCase(opened.state, { worker: 'a', team: 'north', at: day(11) }, now);
    const second = allocateCase(first.state, { worker: 'b', team: 'south', at: day(12) }, now);
    expect(second.state).toMatchObject({ worker: 'b', team: 'south', allocatedAt: day(12), version: 3 });
    expect(second.events).toEqual([{ kind: 'allocated', at: day(12), version: 3, team: 'south' }]);
  });

  it.each([
    ['before the case was opened', day(9), 'occurred-before-opening'],
    ['in the future', day(1001), 'occurred-in-future'],
  ])('is refused %s', (_, at, slug) => {
    expect(slugOf(() => allocateCase(opened.state, { worker: 'a', team: 't', at }, now))).toBe(slug);
  });
});

describe('closing', () => {
  const closed = closeCase(opened.state, { reason: 'NEEDS_MET', at: day(30) }, now);

  it('ends the case with a reason', () => {
    expect(closed.state).toMatchObject({ closedAt: day(30), closureReason: 'NEEDS_MET', version: 2 });
  });

  it('leaves nothing to do', () => {
    expect(slugOf(() => closeCase(closed.state, { reason: 'MOVED', at: day(31) }, now))).toBe('case-closed');
    expect(slugOf(() => allocateCase(closed.state, { worker: 'a', team: 't', at: day(31) }, now))).toBe(
      'case-closed',
    );
    expect(slugOf(() => logContact(closed.state, engaging(day(20)), now))).toBe('case-closed');
  });

  it('cannot lie before what happened to the case', () => {
    const engaged = logContact(opened.state, engaging(day(20)), now).state;
    expect(slugOf(() => closeCase(engaged, { reason: 'MOVED', at: day(19) }, now))).toBe(
      'closed-before-last-event',
    );
    expect(slugOf(() => closeCase(engaged, { reason: 'MOVED', at: day(20) }, now))).toBe('allowed');
  });
});

describe('engagement', () => {
  it('needs safe, two-way and support accepted, all three', () => {
    fc.assert(
      fc.property(fc.boolean(), fc.boolean(), fc.boolean(), (safe, twoWay, supportAccepted) => {
        const contact = { safe, twoWay, supportAccepted, at: day(20) };
        const { state, events } = logContact(opened.state, contact, now);
        const all = safe && twoWay && supportAccepted;
        expect(engages(contact)).toBe(all);
        expect(state.engagedAt).toEqual(all ? day(20) : null);
        expect(events).toHaveLength(all ? 1 : 0);
      }),
    );
  });

  it('is published once and told of the earliest contact, in whatever order they are logged', () => {
    const days = fc.array(fc.integer({ min: 10, max: 900 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(days, (logged) => {
        let state = opened.state;
        const events: CaseEvent[] = [];
        for (const at of logged) {
          const decision = logContact(state, engaging(day(at)), now);
          state = decision.state;
          events.push(...decision.events);
        }
        expect(state.engagedAt).toEqual(day(Math.min(...logged)));
        expect(events.map(({ kind }) => kind)).toEqual(['engaged']);
      }),
    );
  });
});

describe('a life of a case', () => {
  type Step = (state: CaseState) => CaseDecision;
  const at = fc.integer({ min: 0, max: 1100 }).map(day);
  const step: fc.Arbitrary<Step> = fc.oneof(
    at.map(
      (when): Step =>
        (state) =>
          allocateCase(state, { worker: 'w', team: 't', at: when }, now),
    ),
    fc.tuple(at, fc.boolean(), fc.boolean(), fc.boolean()).map(
      ([when, safe, twoWay, supportAccepted]): Step =>
        (state) =>
          logContact(state, { safe, twoWay, supportAccepted, at: when }, now),
    ),
    at.map(
      (when): Step =>
        (state) =>
          closeCase(state, { reason: 'MOVED', at: when }, now),
    ),
  );

  it('has consecutive versions, ends at its closing and never leaves opening … now', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        let state = opened.state;
        const events: CaseEvent[] = [...opened.events];
        for (const next of steps) {
          let decision: CaseDecision;
          try {
            decision = next(state);
          } catch (error) {
            expect(error).toBeInstanceOf(DomainError);
            continue;
          }
          expect(state.closedAt).toBeNull();
          state = decision.state;
          events.push(...decision.events);
        }
        expect(events.map(({ version }) => version)).toEqual(events.map((_, place) => place + 1));
        expect(state.version).toBe(events.length);
        for (const event of events) {
          expect(event.at.getTime()).toBeGreaterThanOrEqual(state.openedAt.getTime());
          expect(event.at.getTime()).toBeLessThanOrEqual(now.getTime());
        }
        expect(events.filter(({ kind }) => kind === 'closed').length).toBeLessThanOrEqual(1);
      }),
    );
  });
});
