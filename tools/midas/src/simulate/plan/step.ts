export type Json =
  | string
  | number
  | boolean
  | null
  | readonly Json[]
  | { readonly [key: string]: Json | Ref };

/** The id that another step's answer carried. */
export interface Ref {
  readonly ref: string;
}

/** What a body may hold: JSON with ids of earlier answers in it. */
export type Body = { readonly [key: string]: Json | Ref | readonly Ref[] };

/** A path in pieces, e.g. ['/v1/cases/', { ref: 'idva/1/case' }, ':allocate']. */
export type Path = readonly (string | Ref)[];

/** One thing that a partner's system or a member of staff does in the year: one changing call. */
export interface Post {
  readonly kind: 'post';
  /** Stable over replays: the idempotency key and the source reference follow from it. */
  readonly id: string;
  /** When it happens in the replayed year; steps are sent in this order. */
  readonly at: string;
  /** A demo user (`role@organisation`) or a partner system's client. */
  readonly actor: string;
  readonly path: Path;
  readonly body: Body;
  /** Field of the answer with the id that later steps use. */
  readonly answer: string;
  /** The record that `If-Match` speaks of: read first, or known from the actor's own earlier step. */
  readonly match?: { readonly read: Path } | { readonly etagOf: string };
  /** Steps that must be done before, besides those whose ids are used. */
  readonly after?: readonly string[];
}

/** Waiting until the event of an accepted referral has opened its case. */
export interface FindCase {
  readonly kind: 'find-case';
  readonly id: string;
  readonly at: string;
  readonly actor: string;
  /** The accepted referral. */
  readonly referral: Ref;
  readonly after: readonly string[];
}

export type Step = Post | FindCase;

export const ref = (step: string): Ref => ({ ref: step });

export const isRef = (value: unknown): value is Ref =>
  typeof value === 'object' && value !== null && 'ref' in value && typeof value.ref === 'string';

/** Every step that must be done before this one: `after`, and those whose ids it uses. */
export function needs(step: Step): readonly string[] {
  if (step.kind === 'find-case') return [...new Set([step.referral.ref, ...step.after])];
  const found = new Set(step.after);
  const look = (value: unknown): void => {
    if (isRef(value)) found.add(value.ref);
    else if (Array.isArray(value)) value.forEach(look);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(look);
  };
  look(step.path);
  look(step.body);
  if (step.match) {
    if ('read' in step.match) look(step.match.read);
    else found.add(step.match.etagOf);
  }
  return [...found];
}
