import type { Progress } from '../progress/index.ts';

/** How far the consumers are behind what was committed, over the whole platform. */
export type CaughtUp = {
  /** True when no outbox holds an unpublished event and no consumer an unacknowledged one. */
  readonly caughtUp: boolean;
  /** Events committed in some service's outbox and not yet in the stream. */
  readonly outboxPending: number;
  /** Events in the stream that a consumer has yet to acknowledge, summed over the consumers. */
  readonly consumerPending: number;
  /** Events that a consumer gave up on: what rests on them is not in any figure. */
  readonly deadLetters: number;
  /** Services that did not answer. */
  readonly unreachable: readonly string[];
};

/** What the replay is handed: `midas simulate` and `midas demo` call it alike. */
export type SimulateOptions = {
  readonly gatewayUrl: string;
  readonly keycloakIssuer: string;
  /** Secrets of the partner systems' clients by client id; those of the home's own Keycloak when left out. */
  readonly clientSecrets?: Readonly<Record<string, string>>;
  readonly home: string;
  readonly seed: number;
  /** 1 is the whole year; 0.05 a small one. */
  readonly scale: number;
  /** A JSON file of other values under the report's ids. */
  readonly figures?: string;
  /** Where the report is written as JSON. */
  readonly report?: string;
  readonly json: boolean;
  readonly progress: Progress;
  readonly status: () => Promise<CaughtUp>;
};
