export { type Consumers, type ConsumersOptions, consumers } from './consumers.ts';
export { type NatsLink, natsLink } from './nats-link.ts';
export { natsOptions } from './nats-options.ts';
export { observeOutbox } from './observe.ts';
export { type Aggregate, outboxRow } from './outbox.ts';
export { type Relay, type RelayOptions, relay } from './relay.ts';
export {
  type EventContext,
  type EventUnit,
  on,
  type Reaction,
  requireHeard,
  type Subscription,
} from './subscription.ts';
