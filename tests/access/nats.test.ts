import { randomUUID } from 'node:crypto';
import { allEvents } from '@midas/kit';
import { streamAdmin, streamName, streamUsers } from '@midas/kit/nats';
import { type TestNats, testNats, waitFor } from '@midas/kit/testing';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  connect,
  createInbox,
  errors,
  headers,
  type Msg,
  type NatsConnection,
  nkeyAuthenticator,
  nkeys,
} from '@nats-io/transport-node';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

let nats: TestNats;
let admin: NatsConnection;
beforeAll(async () => {
  nats = await testNats();
  admin = await nats.connect();
});
afterAll(async () => {
  await admin.close();
  await nats[Symbol.asyncDispose]();
});

const users = streamUsers();
const named = users.map((user) => ({ user, name: user.name }));
const subjects = allEvents().map(({ subject }) => subject);
const durables = users.filter(({ hears }) => hears.length > 0).map(({ name }) => name);
const inboxOf = (name: string): string => `_INBOX_${name}`;

/** A connection of one user with everything that the server refused it and everything that reached it. */
async function intruder(name: string) {
  const connection = await nats.connect(name);
  const refused: string[] = [];
  const arrived: string[] = [];
  const watch = async (): Promise<void> => {
    for await (const event of connection.status()) {
      if (event.type !== 'error') continue;
      const { error } = event;
      refused.push(error instanceof errors.PermissionViolationError ? error.subject : error.message);
    }
  };
  const watching = watch();
  const inbox = createInbox(inboxOf(name));
  const callback = (refusal: Error | null, message: Msg): void => {
    if (refusal === null) arrived.push(message.subject);
  };
  connection.subscribe(inbox, { callback });
  return {
    connection,
    refused,
    arrived,
    callback,
    inbox,
    [Symbol.asyncDispose]: async () => {
      await connection.close();
      await watching;
    },
  };
}

/** What a service could change or take: the stream, its consumers and how far each has come. */
async function standing() {
  const manager = await jetstreamManager(admin);
  const { config, state } = await manager.streams.info(streamName);
  const consumers = [];
  for await (const {
    name,
    config: settings,
    delivered,
    ack_floor,
    num_ack_pending,
  } of manager.consumers.list(streamName)) {
    consumers.push({ name, settings, delivered, ack_floor, num_ack_pending });
  }
  const streams = [];
  for await (const { config: found } of manager.streams.list()) streams.push(found.name);
  return { config, messages: state.messages, last: state.last_seq, consumers, streams };
}

const filter = { ack_policy: 'explicit', deliver_policy: 'all', filter_subject: 'midas.>' };
const json = (value: object): string => JSON.stringify(value);

/** Requests to JetStream that no service has any business with, by subject. */
function forbiddenRequests(own: string): readonly (readonly [subject: string, body: string])[] {
  const api = '$JS.API';
  const ofStream = [
    ['INFO', ''],
    ['STREAM.NAMES', ''],
    ['STREAM.LIST', ''],
    [`STREAM.INFO.${streamName}`, json({ subjects_filter: '>' })],
    [`STREAM.MSG.GET.${streamName}`, json({ seq: 1 })],
    [`STREAM.MSG.GET.${streamName}`, json({ last_by_subj: 'midas.case.case.opened.v1' })],
    [`STREAM.MSG.DELETE.${streamName}`, json({ seq: 1 })],
    [`DIRECT.GET.${streamName}`, json({ seq: 1 })],
    [`DIRECT.GET.${streamName}.midas.case.case.opened.v1`, ''],
    [`STREAM.PURGE.${streamName}`, ''],
    [`STREAM.DELETE.${streamName}`, ''],
    [`STREAM.UPDATE.${streamName}`, json({ name: streamName, subjects: ['midas.>', 'more.>'] })],
    ['STREAM.CREATE.COPY', json({ name: 'COPY', sources: [{ name: streamName }] })],
    ['STREAM.CREATE.MIRROR', json({ name: 'MIRROR', mirror: { name: streamName } })],
    [`STREAM.SNAPSHOT.${streamName}`, json({ deliver_subject: `${inboxOf(own)}.snapshot` })],
    ['STREAM.RESTORE.COPY', '{}'],
    [`STREAM.LEADER.STEPDOWN.${streamName}`, ''],
    [`STREAM.PEER.REMOVE.${streamName}`, '{}'],
  ] as const;
  const ofConsumers = [
    [`CONSUMER.NAMES.${streamName}`, ''],
    [`CONSUMER.LIST.${streamName}`, ''],
    [`CONSUMER.CREATE.${streamName}`, json({ stream_name: streamName, config: filter })],
    [
      `CONSUMER.CREATE.${streamName}.spy`,
      json({ stream_name: streamName, config: { name: 'spy', ...filter } }),
    ],
    [
      `CONSUMER.CREATE.${streamName}.spy.midas.>`,
      json({ stream_name: streamName, config: { name: 'spy', ...filter } }),
    ],
    [
      `CONSUMER.CREATE.${streamName}.push`,
      json({
        stream_name: streamName,
        config: { name: 'push', ...filter, deliver_subject: `${inboxOf(own)}.push` },
      }),
    ],
    [
      `CONSUMER.DURABLE.CREATE.${streamName}.spy`,
      json({ stream_name: streamName, config: { durable_name: 'spy', ...filter } }),
    ],
    [
      `CONSUMER.CREATE.${streamName}.${own}`,
      json({ stream_name: streamName, config: { durable_name: own, ...filter } }),
    ],
    [
      `CONSUMER.DURABLE.CREATE.${streamName}.${own}`,
      json({ stream_name: streamName, config: { durable_name: own, ...filter } }),
    ],
    [`CONSUMER.DELETE.${streamName}.${own}`, ''],
    [`CONSUMER.PAUSE.${streamName}.${own}`, '{}'],
    [`CONSUMER.RESET.${streamName}.${own}`, ''],
    [`CONSUMER.UNPIN.${streamName}.${own}`, '{}'],
    [`CONSUMER.LEADER.STEPDOWN.${streamName}.${own}`, ''],
  ] as const;
  const ofOthers = durables
    .filter((name) => name !== own)
    .flatMap(
      (name) =>
        [
          [`CONSUMER.INFO.${streamName}.${name}`, ''],
          [`CONSUMER.MSG.NEXT.${streamName}.${name}`, json({ batch: 10, no_wait: true })],
          [`CONSUMER.DELETE.${streamName}.${name}`, ''],
          [`CONSUMER.PAUSE.${streamName}.${name}`, '{}'],
          [`CONSUMER.RESET.${streamName}.${name}`, ''],
        ] as const,
    );
  const ofTheServer = [
    ['$SYS.REQ.SERVER.PING', ''],
    ['$SYS.REQ.USER.INFO', ''],
    ['$SYS.REQ.ACCOUNT.MIDAS.CONNZ', ''],
    ['$SYS.REQ.ACCOUNT.MIDAS.JSZ', ''],
    ['$SYS.REQ.ACCOUNT.PING.CONNZ', ''],
  ] as const;
  return [
    ...[...ofStream, ...ofConsumers, ...ofOthers].map(
      ([subject, body]) => [`${api}.${subject}`, body] as const,
    ),
    ...ofTheServer,
  ];
}

describe.each(named)('the NATS user of $name', ({ user, name }) => {
  test('publishes none of what others publish, and nothing of its own invention', async () => {
    await using it = await intruder(name);
    const before = await standing();
    const forbidden = [
      ...subjects.filter((subject) => !user.publishes.includes(subject)),
      `midas.${name}`,
      `midas.${name}.thing.done.v1`,
      'midas.invented.thing.done.v1',
      'other',
      ...users.filter((other) => other.name !== name).map((other) => `${inboxOf(other.name)}.guess`),
      `${inboxOf(streamAdmin)}.guess`,
    ];
    for (const subject of forbidden) it.connection.publish(subject, 'forged', { reply: it.inbox });
    await it.connection.flush();
    await waitFor(() => it.refused.length === forbidden.length);
    expect(it.refused).toEqual(forbidden);
    expect(await standing()).toEqual(before);
    expect(it.arrived).toEqual([]);
  });

  test('subscribes to nothing but its own answers', async () => {
    await using it = await intruder(name);
    const others = users.filter((other) => other.name !== name).map((other) => `${inboxOf(other.name)}.>`);
    const wide = [
      '>',
      '*',
      'midas.>',
      '_INBOX.>',
      `${inboxOf(streamAdmin)}.>`,
      '$JS.>',
      '$JS.ACK.>',
      '$SYS.>',
    ];
    const forbidden = [...wide, '$JS.EVENT.>', '$JS.API.>', '_R_.>', ...others, ...subjects];
    for (const subject of forbidden) {
      it.connection.subscribe(subject, { callback: it.callback });
      it.connection.subscribe(subject, { queue: name, callback: it.callback });
    }
    await it.connection.flush();
    await waitFor(() => it.refused.length === 2 * forbidden.length);
    expect([...new Set(it.refused)].sort()).toEqual(forbidden.toSorted());
    await jetstream(admin).publish('midas.case.case.opened.v1', 'seen by nobody else');
    await it.connection.flush();
    expect(it.arrived).toEqual([]);
  });

  test('asks JetStream for nothing but its own durable consumer, and the server for nothing', async () => {
    await using it = await intruder(name);
    await jetstream(admin).publish('midas.case.case.opened.v1', 'there to be taken');
    const before = await standing();
    const requests = forbiddenRequests(name);
    for (const [subject, body] of requests) it.connection.publish(subject, body, { reply: it.inbox });
    await it.connection.flush();
    await waitFor(() => it.refused.length === requests.length);
    expect(it.refused).toEqual(requests.map(([subject]) => subject));
    await admin.flush();
    expect(it.arrived).toEqual([]);
    expect(await standing()).toEqual(before);
  });

  test('has the server answer to no subject that it may not publish to itself', async () => {
    await using it = await intruder(name);
    const other = subjects.find((subject) => !user.publishes.includes(subject)) ?? '';
    const replies = [other, `$JS.API.STREAM.PURGE.${streamName}`, `$JS.API.STREAM.DELETE.${streamName}`];
    const own = [
      ...user.publishes.slice(0, 1).map((subject) => [subject, 'own event'] as const),
      ...(durables.includes(name)
        ? ([
            [`$JS.API.CONSUMER.INFO.${streamName}.${name}`, ''],
            [`$JS.API.CONSUMER.MSG.NEXT.${streamName}.${name}`, json({ batch: 1, no_wait: true })],
            [`$JS.ACK.${streamName}.${name}.1.1.1.1.0`, ''],
            [`$JS.ACK.${streamName}.${name}.1.1.1.1.0`, '+NXT'],
          ] as const)
        : []),
    ];
    const before = await countBySubject();
    for (const reply of replies) {
      for (const [subject, body] of own) it.connection.publish(subject, body, { reply });
      // Its own events may ask for no rewriting of the stream either.
      const [event] = user.publishes;
      if (event === undefined) continue;
      const rollup = headers();
      rollup.set('Nats-Rollup', 'all');
      it.connection.publish(event, 'rolled up', { headers: rollup });
    }
    await it.connection.flush();
    const [event] = user.publishes;
    if (event !== undefined) {
      const expected = (before[event] ?? 0) + replies.length;
      await waitFor(async () => (await countBySubject())[event] === expected);
      expect(await countBySubject()).toEqual({ ...before, [event]: expected });
    } else {
      await waitFor(() => admin.flush().then(() => true));
      expect(await countBySubject()).toEqual(before);
    }
  });

  test("cannot acknowledge another's event, itself or by the server's hand", async () => {
    await using it = await intruder(name);
    const { name: victim = '', hears = [] } =
      users.find((other) => other.name !== name && other.hears.length > 0) ?? {};
    await using theirs = await intruder(victim);
    for (const subject of hears) await jetstream(admin).publish(subject, 'theirs');
    const consumer = await jetstream(theirs.connection).consumers.get(streamName, victim);
    const taken = await waitFor(() => consumer.next({ expires: 1_000 }));
    const pendingOf = async (): Promise<number> =>
      (await (await jetstreamManager(admin)).consumers.info(streamName, victim)).num_ack_pending;
    const before = await pendingOf();
    const { deliveryCount, streamSequence, deliverySequence, timestampNanos, pending } = taken.info;
    const told = [deliveryCount, streamSequence, deliverySequence, timestampNanos, pending].join('.');
    const ack = `$JS.ACK.${streamName}.${victim}.${told}`;
    it.connection.publish(ack, '');
    it.connection.publish(ack, '+TERM');
    it.connection.publish(ack, '+NXT', { reply: it.inbox });
    await it.connection.flush();
    await waitFor(() => it.refused.length === 3);
    for (const subject of it.refused) expect(subject).toBe(ack);
    for (const subject of [...user.publishes, `$JS.API.CONSUMER.MSG.NEXT.${streamName}.${name}`])
      it.connection.publish(subject, json({ batch: 1, no_wait: true }), { reply: ack });
    await it.connection.flush();
    await waitFor(() => it.refused.length > 3);
    await admin.flush();
    expect(await pendingOf()).toBe(before);
    expect(it.arrived).toEqual([]);
    taken.nak();
    await theirs.connection.flush();
  });

  test('does what it must: publishes its events once each, and takes and acknowledges what it hears', async () => {
    await using it = await intruder(name);
    const stream = jetstream(it.connection);
    for (const subject of user.publishes) {
      const msgID = randomUUID();
      expect(await stream.publish(subject, 'own', { msgID })).toMatchObject({ duplicate: false });
      expect(await stream.publish(subject, 'own', { msgID })).toMatchObject({ duplicate: true });
    }
    if (durables.includes(name)) {
      for (const subject of user.hears) await jetstream(admin).publish(subject, `for ${name}`);
      const consumer = await stream.consumers.get(streamName, name);
      const messages = await consumer.consume({ max_messages: 16 });
      const wanted = new Set(user.hears);
      for await (const message of messages) {
        expect(user.hears).toContain(message.subject);
        expect(await message.ackAck()).toBe(true);
        if (message.string() === `for ${name}`) wanted.delete(message.subject);
        if (wanted.size === 0) break;
      }
      expect((await consumer.info()).num_ack_pending).toBe(0);
    }
    expect(it.refused).toEqual([]);
  });
});

async function countBySubject(): Promise<Readonly<Record<string, number>>> {
  const manager = await jetstreamManager(admin);
  return (await manager.streams.info(streamName, { subjects_filter: '>' })).state.subjects ?? {};
}

test('the programme hears nothing: it has no durable consumer and may ask JetStream for nothing at all', () => {
  const programme = users.find(({ name }) => name === 'perpetrator-programme');
  expect(programme?.hears).toEqual([]);
  expect(programme?.publishes.length).toBeGreaterThan(0);
  for (const subject of programme?.publishes ?? [])
    expect(subject).toMatch(/^midas\.perpetrator-programme\.[a-z.]+v1$/);
});

test('nobody is let in without a key, or with one that the server does not know', async () => {
  const stranger = nkeyAuthenticator(nkeys.createUser().getSeed());
  const unknown = [{}, { user: 'case', pass: 'case' }, { user: streamAdmin }, { authenticator: stranger }];
  for (const credential of unknown) {
    await expect(connect({ servers: nats.url, reconnect: false, ...credential })).rejects.toThrow(
      /authorization violation/i,
    );
  }
});
