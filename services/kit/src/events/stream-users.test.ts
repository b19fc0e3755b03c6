import { expect, test } from 'vitest';
import { allEvents, messageOf } from '../contract/index.ts';
import { natsAccounts, permissionsOf, streamUsers } from './stream-users.ts';
import { requireHeard } from './subscription.ts';

const desc = messageOf('midas.referral.v1.Referral');
const event = (subject: string, ...heardBy: string[]) => ({ subject, version: 1, heardBy, desc });
const events = [
  event('midas.one.thing.done.v1', 'two'),
  event('midas.one.thing.undone.v1', 'two', 'three'),
  event('midas.two.word.said.v1', 'two'),
];
const [one, three, two] = streamUsers(events);

test('whoever publishes or hears an event has a user, and nobody else', () => {
  expect(streamUsers(events).map(({ name }) => name)).toEqual(['one', 'three', 'two']);
  expect(one).toMatchObject({
    publishes: ['midas.one.thing.done.v1', 'midas.one.thing.undone.v1'],
    hears: [],
  });
  expect(two?.hears).toEqual([
    'midas.one.thing.done.v1',
    'midas.one.thing.undone.v1',
    'midas.two.word.said.v1',
  ]);
});

test('a user may publish its events and use its own durable consumer; one that hears nothing has none', () => {
  expect(one && permissionsOf(one)).toEqual({
    publish: ['midas.one.thing.done.v1', 'midas.one.thing.undone.v1'],
    subscribe: ['_INBOX_one.>'],
  });
  expect(three && permissionsOf(three)).toEqual({
    publish: [
      '$JS.API.CONSUMER.MSG.NEXT.MIDAS.three',
      '$JS.API.CONSUMER.INFO.MIDAS.three',
      '$JS.ACK.MIDAS.three.>',
    ],
    subscribe: ['_INBOX_three.>'],
  });
});

test('in the contract no two users may do the same, and a wildcard stands in what is named after its user only', () => {
  const granted = streamUsers(allEvents()).flatMap((user) => {
    const { publish, subscribe } = permissionsOf(user);
    for (const subject of [...publish, ...subscribe].filter((each) => /[*>]/.test(each)))
      expect([`$JS.ACK.MIDAS.${user.name}.>`, `_INBOX_${user.name}.>`]).toContain(subject);
    return [...publish, ...subscribe];
  });
  expect(new Set(granted).size).toBe(granted.length);
});

test('each subject of the stream account is open to one account, which imports it', () => {
  const accounts = natsAccounts(streamUsers(events), (user) => ({ nkey: user }));
  expect(accounts.three).toMatchObject({
    users: [{ nkey: 'three' }],
    imports: [
      { service: { account: 'MIDAS', subject: '$JS.API.CONSUMER.MSG.NEXT.MIDAS.three' } },
      { service: { account: 'MIDAS', subject: '$JS.API.CONSUMER.INFO.MIDAS.three' } },
      { service: { account: 'MIDAS', subject: '$JS.ACK.MIDAS.three.>' } },
      { service: { account: 'MIDAS', subject: '$JS.API.INFO' } },
    ],
  });
  expect(accounts.MIDAS).toMatchObject({
    users: [{ nkey: 'midas-admin' }],
    exports: expect.arrayContaining([
      { service: 'midas.one.thing.done.v1', accounts: ['one'] },
      { service: '$JS.API.CONSUMER.MSG.NEXT.MIDAS.two', accounts: ['two'], response_type: 'stream' },
    ]),
  });
});

test('subscriptions must be those of the contract, neither more nor fewer', () => {
  const heard = allEvents().filter(({ heardBy }) => heardBy.includes('case'));
  expect(heard.length).toBeGreaterThan(1);
  expect(() => requireHeard('case', heard)).not.toThrow();
  expect(() => requireHeard('case', heard.slice(1))).toThrow(heard[0]?.subject);
  expect(() => requireHeard('nobody', heard.slice(0, 1))).toThrow(heard[0]?.subject);
});
