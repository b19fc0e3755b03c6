import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { allEvents } from '../contract/index.ts';
import { newId } from '../db/index.ts';
import { accepted } from '../testing/world.ts';
import { headerNames, messageHeaders, readEnvelope } from './headers.ts';
import { outboxRow, publishableSubject } from './outbox.ts';
import { streamSettings } from './stream.ts';
import { on } from './subscription.ts';

const codec = ($type: string) => ({
  $type,
  encode: () => ({ finish: () => new Uint8Array() }),
  decode: () => ({}),
});

test('every event of the contract may be published: none holds a marked field at any depth', () => {
  const events = allEvents();
  expect(events.length).toBeGreaterThan(10);
  for (const { desc, subject } of events) expect(publishableSubject(desc.typeName)).toBe(subject);
});

test('a message that is no event can neither be published nor subscribed to', () => {
  const request = codec('midas.referral.v1.SubmitReferralRequest');
  const aggregate = { type: 'x', id: newId(), version: 1 };
  expect(() => outboxRow(request, {}, aggregate, new Date(), newId)).toThrow('no event');
  expect(() => on(request, { apply: async () => undefined })).toThrow('no event');
});

test('headers of an event read back as what they were made of', () => {
  const row = accepted();
  expect(readEnvelope(messageHeaders(row))).toMatchObject({
    eventId: row.id,
    type: row.type,
    aggregateId: row.aggregateId,
    aggregateVersion: 1,
    occurredAt: row.occurredAt,
  });
});

test('headers of something else are no event', () => {
  const headers = messageHeaders(accepted());
  expect(readEnvelope({})).toBeUndefined();
  expect(readEnvelope({ ...headers, [headerNames.id]: 'x' })).toBeUndefined();
  expect(readEnvelope({ ...headers, [headerNames.time]: 'yesterday' })).toBeUndefined();
  expect(readEnvelope({ ...headers, [headerNames.aggregateVersion]: 'one' })).toBeUndefined();
});

test('the stream that kit makes is the one that infra describes', () => {
  const file = new URL('../../../../infra/nats/stream.json', import.meta.url);
  const described = JSON.parse(readFileSync(file, 'utf8'));
  expect({
    subjects: streamSettings.subjects,
    retention: streamSettings.retention,
    storage: streamSettings.storage,
    discard: streamSettings.discard,
    max_age_days: streamSettings.max_age / 86_400e9,
    duplicate_window_seconds: streamSettings.duplicate_window / 1e9,
    max_msg_size: streamSettings.max_msg_size,
  }).toEqual({
    subjects: described.subjects,
    retention: described.retention,
    storage: described.storage,
    discard: described.discard,
    max_age_days: described.max_age_days,
    duplicate_window_seconds: described.duplicate_window_seconds,
    max_msg_size: described.max_msg_size,
  });
});
