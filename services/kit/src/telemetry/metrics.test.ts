import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import './start.ts';
import { definedMetrics, meters, metricsText, observeProcess } from './index.ts';

const registered: {
  metrics: { name: string; kind: string; unit: string; help: string; labels: string[] }[];
} = JSON.parse(readFileSync(new URL('../../../../infra/telemetry/metrics.json', import.meta.url), 'utf8'));

test('the metrics of the code are those of the registry', () => {
  expect(definedMetrics).toEqual(registered.metrics);
});

test('names tell unit and kind', () => {
  for (const { name, kind, unit } of registered.metrics) {
    expect(name).toMatch(/^midas_[a-z0-9_]+$/);
    if (kind === 'counter') expect(name).toMatch(/_total$/);
    if (unit === 's') expect(name).toMatch(/_seconds$/);
    if (unit === 'By') expect(name).toMatch(/_bytes$/);
  }
});

test('the metrics page holds what was measured, under the registered names, with no other label', async () => {
  const stop = observeProcess('kit');
  meters.rpcServerDuration(0.004, { service: 'kit', rpc: '/x.Y/Z', code: 'OK' });
  meters.httpServerDuration(0.004, { route: '/v1/x', method: 'GET', status: '200' });
  meters.callsRefused({ service: 'kit', reason: 'token-refused' });
  meters.introspections({ service: 'kit', outcome: 'active' });
  meters.consumerApplied({ service: 'kit', subject: 'midas.x' });
  meters.consumerRedelivered({ service: 'kit' });
  meters.eventLag(0.02, { service: 'kit', subject: 'midas.x' });
  const { outboxPending, outboxOldest, consumerPending, deadLetters, auditSealAge } = meters;
  const gauges = [outboxPending, outboxOldest, consumerPending, deadLetters, auditSealAge];
  const stops = gauges.map((gauge) => gauge({ service: 'kit' }, async () => 7));
  stops.push(meters.reviewsWaiting({ service: 'kit', kind: 'x' }, async () => 7));
  const text = await metricsText();
  for (const { name, kind, help, labels } of registered.metrics) {
    expect(text).toContain(`# HELP ${name} ${help}`);
    const sample = new RegExp(`^${name}${kind === 'histogram' ? '_count' : ''}\\{(.*)\\} `, 'm').exec(text);
    expect(sample?.[1]?.split(',').map((label) => label.split('=')[0])).toEqual(labels);
  }
  expect(text).toContain('midas_outbox_pending{service="kit"} 7');
  expect(text).toContain(
    'midas_rpc_server_duration_seconds_bucket{service="kit",rpc="/x.Y/Z",code="OK",le="0.005"} 1',
  );
  for (const end of [...stops, stop]) end();
});

test('a gauge that cannot be read shows no old value, and the others stay', async () => {
  let away = false;
  const stops = [
    meters.outboxPending({ service: 'broken' }, () =>
      away ? Promise.reject(new Error('away')) : Promise.resolve(5),
    ),
    meters.deadLetters({ service: 'broken' }, async () => 3),
  ];
  expect(await metricsText()).toContain('midas_outbox_pending{service="broken"} 5');
  away = true;
  const text = await metricsText();
  expect(text).toContain('midas_outbox_pending{service="broken"} NaN');
  expect(text).toContain('midas_dead_letters{service="broken"} 3');
  for (const end of stops) end();
});
