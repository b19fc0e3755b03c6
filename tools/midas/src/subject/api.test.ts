import { afterEach, expect, it, vi } from 'vitest';
import { isUserError } from '../errors.ts';
import { openApi } from './api.ts';

afterEach(() => vi.unstubAllEnvs());

it('asks no other gateway with a token of this machine', async () => {
  vi.stubEnv('MIDAS_TOKEN', undefined);
  const refused: unknown = await openApi({
    gateway: 'http://127.0.0.1:1',
    as: 'information-governance@council',
  }).catch((error: unknown) => error);
  expect(isUserError(refused) && refused.message).toBe('There is no token for this gateway.');
});
