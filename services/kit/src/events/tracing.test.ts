import { ReferralAccepted, ReferralRejected } from '@midas/proto/referral/v1/events';
import { RejectionReason } from '@midas/proto/referral/v1/referral';
import { afterAll, expect, test } from 'vitest';
import type { PrismaClient } from '../../gen/prisma/client.ts';
import { otlpReceiver, type ReceivedSpan } from '../testing/otlp.ts';
import type { EventUnit } from './subscription.ts';

// Telemetry reads the endpoint when it is first imported, so everything that imports it comes after.
const receiver = await otlpReceiver();
process.env.OTEL_EXPORTER_OTLP_ENDPOINT = receiver.endpoint;
process.env.OTEL_SERVICE_NAME = 'kit-test';
process.env.OTEL_BSP_SCHEDULE_DELAY = '50';
const { stopTelemetry } = await import('../telemetry/start.ts');
const { currentTraceId, inSpan } = await import('../telemetry/index.ts');
const { waitFor } = await import('../testing/wait.ts');
const { on } = await import('./subscription.ts');
const { accepted, world } = await import('../testing/world.ts');

afterAll(async () => {
  await stopTelemetry();
  await receiver[Symbol.asyncDispose]();
});

const arrived = (name: string, trace: (span: ReceivedSpan) => boolean = () => true) =>
  waitFor(() => receiver.spans.find((span) => span.name === name && trace(span)), { what: `span ${name}` });

test('one trace leads from the command through the stream to the effect and what that publishes', async () => {
  await using of = await world();
  of.relay();
  let traceInEffect = '';
  of.consumers([
    on(ReferralAccepted, {
      apply: async (event, unit: EventUnit<PrismaClient>) => {
        traceInEffect = currentTraceId();
        const message = {
          referralId: event.referralId,
          reason: RejectionReason.OTHER,
          rejectedAt: new Date(),
        };
        unit.publish(ReferralRejected, message, { type: 'referral', id: unit.aggregateId, version: 2 });
      },
    }),
    on(ReferralRejected, { newTrace: true, apply: async () => undefined }),
  ]);
  await inSpan('command', 'server', { 'rpc.system': 'grpc' }, () => of.commit(accepted()));

  const command = await arrived('command');
  const { traceId } = command;
  const within = (span: ReceivedSpan) => span.traceId === traceId;
  const publish = await arrived('publish midas.referral.referral.accepted.v1', within);
  const process = await arrived('process midas.referral.referral.accepted.v1', within);
  const next = await arrived('publish midas.referral.referral.rejected.v1', within);
  expect(command).toMatchObject({ service: 'kit-test', kind: 'server', parentSpanId: '' });
  expect(publish).toMatchObject({ kind: 'producer', parentSpanId: command.spanId });
  expect(process).toMatchObject({ kind: 'consumer', parentSpanId: publish.spanId });
  expect(process.attributes).toMatchObject({ 'messaging.system': 'nats' });
  expect(next).toMatchObject({ kind: 'producer', parentSpanId: process.spanId });
  expect(traceInEffect).toBe(traceId);

  const fresh = await arrived('process midas.referral.referral.rejected.v1', (span) =>
    span.links.includes(traceId),
  );
  expect(fresh.parentSpanId).toBe('');
  expect(fresh.traceId).not.toBe(traceId);
});

test('a span of failed work names the kind of error and nothing of its text', async () => {
  const failing = inSpan('failing', 'internal', {}, async () => {
    throw new TypeError('Jane Doe, 1 High Street');
  });
  await expect(failing).rejects.toThrow();
  const span = await arrived('failing');
  expect(span.attributes['error.type']).toBe('TypeError');
  expect(JSON.stringify(span)).not.toContain('Jane');
});
