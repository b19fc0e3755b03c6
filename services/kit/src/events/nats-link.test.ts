import { expect, test } from 'vitest';
import { testNats, waitFor } from '../testing/index.ts';
import { natsLink } from './nats-link.ts';
import { natsOptions } from './nats-options.ts';

type Line = readonly [level: string, fields: object, text: string];

function recorder() {
  const lines: Line[] = [];
  const at = (level: string) => (fields: object, text: string) => void lines.push([level, fields, text]);
  return { lines, log: { info: at('info'), warn: at('warn'), error: at('error') } };
}

test('what NATS does not permit is told once, by its subject', async () => {
  await using nats = await testNats();
  const { lines, log } = recorder();
  const link = natsLink({ connection: natsOptions(nats.environment('case'), 'case'), name: 'case', log });
  const connection = await link.ready();
  for (let n = 0; n < 3; n++) connection.publish('midas.risk.marac.heard.v1', 'forged');
  connection.publish('midas.invented', 'forged');
  await connection.flush();
  const refusals = () => lines.filter(([level]) => level === 'error').map(([, fields]) => fields);
  await waitFor(() => refusals().length === 2);
  expect(refusals()).toEqual([
    { operation: 'publish', subject: 'midas.risk.marac.heard.v1' },
    { operation: 'publish', subject: 'midas.invented' },
  ]);
  expect(link.status()).toBe('up');
  await link.close();
});

test('a server that does not let us in is said so once and tried again, and nothing tells the secret', async () => {
  await using nats = await testNats();
  const { lines, log } = recorder();
  const password = 'synthetic-password';
  const connection = natsOptions({ NATS_URL: nats.url, NATS_USER: 'case', NATS_PASSWORD: password }, 'case');
  const link = natsLink({ connection, name: 'case', log });
  await waitFor(() => lines.length > 0);
  await nats.stop();
  await nats.start();
  expect(lines).toEqual([['warn', { error: expect.any(Error) }, expect.stringContaining('let us in')]]);
  expect(String(lines.map(([, fields]) => Object.values(fields)))).not.toContain(password);
  expect(link.status()).toBe('down');
  await link.close();
});
