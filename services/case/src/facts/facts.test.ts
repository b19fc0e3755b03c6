import { describe, expect, it } from 'vitest';
import { kindsOf, NO_FACTS, relationsOf } from './facts.ts';

const one = { caseId: 'c1', personId: 'p1' };
const other = { caseId: 'c2', personId: 'p2' };

describe('relationships', () => {
  it('stand beside each other for one case, each once', () => {
    const held = { assigned: [one], team: [one, other] };
    const shared = [
      { ...one, scope: 'FULL' as const },
      { ...one, scope: 'FULL' as const },
      { ...one, scope: 'SUMMARY' as const },
    ];
    expect(relationsOf(held, { ...NO_FACTS, brokenGlass: [one], shared })).toEqual([
      { ...one, kind: 'ASSIGNED', scope: null },
      { ...one, kind: 'TEAM', scope: null },
      { ...other, kind: 'TEAM', scope: null },
      { ...one, kind: 'BREAK_GLASS', scope: null },
      { ...one, kind: 'SHARED', scope: 'FULL' },
      { ...one, kind: 'SHARED', scope: 'SUMMARY' },
    ]);
  });

  it('rest on roles that can hold them', () => {
    expect(kindsOf(['case-worker'])).toEqual({ worker: true, receiver: false });
    expect(kindsOf(['health-navigator'])).toEqual({ worker: false, receiver: true });
    expect(kindsOf(['partner-professional', 'referrer'])).toEqual({ worker: false, receiver: true });
    expect(kindsOf(['service-manager', 'information-governance'])).toEqual({
      worker: false,
      receiver: false,
    });
  });
});
