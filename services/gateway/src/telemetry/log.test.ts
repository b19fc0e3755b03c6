import { logger } from '@midas/kit';
import { expect, it, vi } from 'vitest';
import { answerLog } from './log.ts';
import type { Answered } from './requests.ts';

const refused: Answered = {
  method: 'GET',
  route: '/v1/referrals/{referral_id}',
  status: 401,
  seconds: 0.001,
  traceId: '0'.repeat(32),
  requestId: 'request-1',
};

it('a refusal that no service has audited is told with why and whose it was', () => {
  const lines: string[] = [];
  const answered = answerLog(
    logger({ name: 'gateway', level: 'info', destination: { write: (line: string) => lines.push(line) } }),
  );
  answered({ ...refused, status: 403 });
  answered({
    ...refused,
    status: 400,
    refused: { slug: 'invalid-request', client: 'web', subject: 'subject-1' },
  });
  expect(lines.map((line) => JSON.parse(line))).toMatchObject([
    { status: 400, slug: 'invalid-request', client: 'web', subject: 'subject-1', route: refused.route },
  ]);
});

it('a flood of refused sign-ins is ten lines a second, which say how many were left out', () => {
  vi.useFakeTimers({ now: 1_000_000 });
  const lines: string[] = [];
  const answered = answerLog(
    logger({ name: 'gateway', level: 'info', destination: { write: (line: string) => lines.push(line) } }),
  );
  for (let count = 0; count < 500; count++) answered(refused);
  expect(lines).toHaveLength(10);
  vi.advanceTimersByTime(1_000);
  answered(refused);
  expect(lines).toHaveLength(11);
  expect(JSON.parse(lines[10] ?? '')).toMatchObject({
    level: 'warn',
    msg: 'refused',
    route: refused.route,
    status: 401,
    suppressed: 490,
  });
  vi.useRealTimers();
});
