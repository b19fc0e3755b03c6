import type { Caller } from '@midas/kit';
import { describe, expect, it } from 'vitest';
import { rulesFor } from './policy.ts';

const caller = (role: string, kind: Caller['kind'] = 'user'): Caller => ({
  kind,
  subject: 'f3b1',
  userName: 'somebody',
  client: 'midas-web',
  organisation: 'council',
  organisationKind: 'council',
  roles: [role],
  teams: [],
  purpose: '',
  via: 'gateway',
});

describe('the report', () => {
  it.each(['commissioner', 'service-manager'])('is read by a %s', (role) => {
    expect(rulesFor(caller(role))).toEqual([{ action: 'read', subject: 'Report' }]);
  });

  it('is read by nobody else, and by no service', () => {
    for (const role of ['case-worker', 'information-governance', 'programme-manager', 'constructor'])
      expect(rulesFor(caller(role))).toEqual([]);
    expect(rulesFor(caller('service:case', 'service'))).toEqual([]);
    expect(rulesFor(caller('commissioner', 'service'))).toEqual([]);
  });
});
