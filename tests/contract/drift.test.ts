import { checkDrift } from '@midas/cli/migrate';
import { suiteVariable } from '@midas/kit/testing';
import { expect, test } from 'vitest';

test('every database that its migrations make is what its schema says', async () => {
  const drifts = await checkDrift(suiteVariable('MIDAS_TEST_DATABASE_URL'));
  expect(drifts.map(({ service }) => service).length).toBeGreaterThanOrEqual(6);
  for (const { service, findings } of drifts) expect(findings, service).toEqual([]);
});
