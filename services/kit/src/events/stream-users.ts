import { allEvents, type EventContract } from '../contract/events.ts';
import { streamName } from './stream.ts';

/** What one service does on the stream, by the contract alone. */
export interface StreamUser {
  /** Name of the service, of its user and account, and of its durable consumer. */
  readonly name: string;
  readonly publishes: readonly string[];
  /** What its durable consumer brings it; a service that hears nothing has none. */
  readonly hears: readonly string[];
}

/** Subjects that one user may publish to and subscribe to; everything else is refused. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
}

/** How a user proves itself, as the server's configuration says it. */
export type ServerCredential =
  | { readonly nkey: string }
  | { readonly user: string; readonly password: string };

/** The user that makes the stream and the durable consumers. No service is it. */
export const streamAdmin = 'midas-admin';

/** Answers arrive under this prefix, each user's own. */
export const inboxPrefix = (user: string): string => `_INBOX_${user}`;

/** Every service that publishes or hears an event. */
export function streamUsers(events: readonly EventContract[] = allEvents()): readonly StreamUser[] {
  const publishers = events.map(({ subject }) => publisherOf(subject));
  const names = new Set([...publishers, ...events.flatMap(({ heardBy }) => heardBy)]);
  const subjects = (of: readonly EventContract[]) => of.map(({ subject }) => subject).sort();
  return [...names].sort().map((name) => ({
    name,
    publishes: subjects(events.filter(({ subject }) => publisherOf(subject) === name)),
    hears: subjects(events.filter(({ heardBy }) => heardBy.includes(name))),
  }));
}

// midas.<service>.<noun>.<verb>.v<version>
const publisherOf = (subject: string): string => subject.split('.')[1] ?? '';

/** What a user may do: publish its own events, take from its own durable consumer, hear its own answers. */
export function permissionsOf(user: StreamUser): Permissions {
  const { next, info, ack } = consumerSubjects(user.name);
  return {
    publish: [...user.publishes, ...(user.hears.length === 0 ? [] : [next, info, ack])],
    subscribe: [`${inboxPrefix(user.name)}.>`],
  };
}

const consumerSubjects = (durable: string) => ({
  next: `$JS.API.CONSUMER.MSG.NEXT.${streamName}.${durable}`,
  info: `$JS.API.CONSUMER.INFO.${streamName}.${durable}`,
  ack: `$JS.ACK.${streamName}.${durable}.>`,
});

/** The account that holds the stream; nobody but the administrator is in it. */
const streamAccount = 'MIDAS';
// A server gives every account a JetStream API of its own, and an account that imports another's must not have one:
// both would answer. Importing this one subject tells the server so; no service may publish to it.
const apiInfo = '$JS.API.INFO';

/**
 * The `accounts` of the NATS server's configuration. Each service has an account of its own and reaches the stream
 * through imports of exactly what it may publish. An account, and not permissions alone: the server publishes its answer
 * to whatever reply subject a request names, unasked whether the requester might, so within one account a service could
 * have the server write to another service's subject. From an account of its own that reaches only itself.
 */
export function natsAccounts(
  users: readonly StreamUser[],
  credentialOf: (user: string) => ServerCredential,
): Readonly<Record<string, object>> {
  const accounts = users.map((user) => {
    const permissions = permissionsOf(user);
    const imported = [...permissions.publish, apiInfo];
    const account = {
      users: [
        {
          ...credentialOf(user.name),
          permissions: {
            publish: { allow: permissions.publish },
            subscribe: { allow: permissions.subscribe },
          },
        },
      ],
      imports: imported.map((subject) => ({ service: { account: streamAccount, subject } })),
    };
    return [user.name, account] as const;
  });
  const exports = users.flatMap((user) =>
    permissionsOf(user).publish.map((subject) => ({
      service: subject,
      accounts: [user.name],
      // One request brings many messages.
      ...(subject === consumerSubjects(user.name).next ? { response_type: 'stream' } : {}),
    })),
  );
  return {
    [streamAccount]: {
      jetstream: 'enabled',
      users: [credentialOf(streamAdmin)],
      exports: [...exports, { service: apiInfo, accounts: users.map(({ name }) => name) }],
    },
    ...Object.fromEntries(accounts),
  };
}
