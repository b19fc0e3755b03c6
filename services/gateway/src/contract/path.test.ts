import { describe, expect, it } from 'vitest';
import { parsePath, pathPattern, routeUrl } from './path.ts';

describe('a path of google.api.http', () => {
  it('is taken apart into segments, variables and verb', () => {
    expect(parsePath('/v1/cases/{case_id}/contacts')).toMatchObject({
      variables: ['case_id'],
      verb: undefined,
    });
    expect(parsePath('/v1/referrals/{referral_id}:accept')).toMatchObject({
      variables: ['referral_id'],
      verb: 'accept',
    });
    expect(parsePath('/v1/persons:search')).toMatchObject({ variables: [], verb: 'search' });
    expect(parsePath('/v1/a/{x.y}/b/{z}')).toMatchObject({ variables: ['x.y', 'z'] });
  });

  it.each([
    'v1/x',
    '/v1/{x=**}',
    '/v1/*',
    '/v1/{x}/{x}',
    '/v1/{X}',
    '/v1/',
    '/v1/x:',
    '/v1/{x}:a:b',
    '/v1/x{y}',
    '',
  ])('that the gateway cannot serve stops it from starting: %s', (template) => {
    expect(() => parsePath(template)).toThrow(/path/);
  });

  it('becomes a route whose variables stop at a colon', () => {
    expect(routeUrl(parsePath('/v1/x/{x_id}/y/{y_id}:go'))).toBe('/v1/x/:p1([^/:]+)/y/:p2([^/:]+)::go');
  });

  it('matches its own URLs only', () => {
    const pattern = pathPattern(parsePath('/v1/x.y/{x_id}:go'));
    expect(pattern.test('/v1/x.y/1:go')).toBe(true);
    for (const other of [
      '/v1/x.y/1',
      '/v1/x.y/1:stop',
      '/v1/xzy/1:go',
      '/v1/x.y/:go',
      '/v1/x.y/1/2:go',
      '/v1/x.y/1:go/',
    ]) {
      expect(pattern.test(other)).toBe(false);
    }
  });
});
