import { jetstreamManager } from '@nats-io/jetstream';
import { expect, test } from 'vitest';
import { testNats } from '../testing/index.ts';
import { applyDurable, applyStream, streamName } from './stream.ts';

test('a durable consumer gains subjects and loses none, and keeps its place', async () => {
  await using nats = await testNats();
  const connection = await nats.connect();
  const manager = await jetstreamManager(connection);
  const heard = async () => (await manager.consumers.info(streamName, 'newcomer')).config.filter_subjects;
  await applyDurable(manager, 'newcomer', ['midas.one.a.b.v1', 'midas.two.a.b.v1']);
  const { created } = await manager.consumers.info(streamName, 'newcomer');
  await applyDurable(manager, 'newcomer', ['midas.two.a.b.v1', 'midas.three.a.b.v1']);
  expect(await heard()).toEqual(['midas.one.a.b.v1', 'midas.three.a.b.v1', 'midas.two.a.b.v1']);
  await applyDurable(manager, 'newcomer', ['midas.one.a.b.v1']);
  expect(await heard()).toHaveLength(3);
  expect((await manager.consumers.info(streamName, 'newcomer')).created).toBe(created);
  await connection.close();
});

test('the stream is brought to its settings, with what is in it and its replicas as they are', async () => {
  await using nats = await testNats();
  const connection = await nats.connect();
  const manager = await jetstreamManager(connection);
  connection.publish('midas.one.a.b.v1', 'kept');
  await connection.flush();
  const before = (await manager.streams.info(streamName)).config;
  await manager.streams.update(streamName, { ...before, max_msg_size: 10, description: 'an operator’s' });
  await applyStream(manager);
  const { config, state } = await manager.streams.info(streamName);
  expect(config).toEqual({ ...before, description: 'an operator’s', metadata: config.metadata });
  expect(state.messages).toBe(1);
  await connection.close();
});
