import { type DescMessage, getOption, hasOption, type Message, toBinary } from '@bufbuild/protobuf';
import { Event } from '@midas/proto/contract/v1/options';
import { extension, messageOf, registry } from './registry.ts';

/** What an event message says of itself. */
export interface EventContract {
  /** Full NATS subject. */
  readonly subject: string;
  readonly version: number;
  /** Services that hear it. */
  readonly heardBy: readonly string[];
  readonly desc: DescMessage;
}

const eventOption = extension('midas.contract.v1.event');
const known = new Map<string, EventContract>();

/** Subject and version of an event by the full name of its message. Throws when the message is no event. */
export function eventOf(typeName: string): EventContract {
  const cached = known.get(typeName);
  if (cached !== undefined) return cached;
  const found = read(messageOf(typeName));
  if (found === undefined) throw new Error(`${typeName} is no event: it has no event option.`);
  known.set(typeName, found);
  return found;
}

/** Every event of the contract. */
export function allEvents(): readonly EventContract[] {
  const found: EventContract[] = [];
  for (const type of registry) {
    const event = type.kind === 'message' ? read(type) : undefined;
    if (event !== undefined) found.push(event);
  }
  return found;
}

function read(desc: DescMessage): EventContract | undefined {
  if (!hasOption(desc, eventOption) || eventOption.message === undefined) return undefined;
  const value: unknown = getOption(desc, eventOption);
  const { subject, version, heardBy } = Event.decode(toBinary(eventOption.message, value as Message));
  return { subject, version, heardBy, desc };
}
