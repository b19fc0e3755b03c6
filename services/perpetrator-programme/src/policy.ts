import { ALL_CLASSES, abilityOf, type Caller, type Policy, type Privacy } from '@midas/kit';
import type { Prisma } from '../gen/prisma/client.ts';

/**
 * Who may do what behind the wall: the programme's own two roles, and `case` on the way out. Fields of a
 * rule are privacy classes; what no rule grants is refused.
 */
interface Rule {
  readonly action: 'read' | 'enrol' | 'attend' | 'signal' | 'export' | 'hold' | 'erase';
  readonly subject: 'Participant' | 'ParticipantExport' | 'ProgrammeParticulars';
  readonly fields?: readonly Privacy[];
  readonly conditions?: Prisma.ParticipantWhereInput;
}

/** A full-scope relationship, but for addresses. */
const FULL = ['NONE', 'PERSONAL', 'SPECIAL_CATEGORY', 'FREE_TEXT'] as const;
const SUMMARY = ['NONE', 'PERSONAL'] as const;

/** Enrols, and works with the participants it enrolled. */
const ownParticipants = ({ userName }: Caller): readonly Rule[] => [
  { action: 'enrol', subject: 'Participant' },
  { action: 'read', subject: 'Participant', fields: FULL, conditions: { facilitator: userName } },
  { action: 'attend', subject: 'Participant', conditions: { facilitator: userName } },
  { action: 'signal', subject: 'Participant', conditions: { facilitator: userName } },
];

/** Oversees every participant: reads, keeps, erases, and answers the participant who asks what is held. */
const everyParticipant: readonly Rule[] = [
  { action: 'read', subject: 'Participant', fields: SUMMARY },
  { action: 'hold', subject: 'Participant' },
  { action: 'erase', subject: 'Participant' },
  { action: 'export', subject: 'Participant' },
  { action: 'read', subject: 'ParticipantExport', fields: ALL_CLASSES },
];

const byRole: ReadonlyMap<string, (caller: Caller) => readonly Rule[]> = new Map<
  string,
  (caller: Caller) => readonly Rule[]
>([
  ['programme-facilitator', ownParticipants],
  ['programme-manager', (caller) => [...ownParticipants(caller), ...everyParticipant]],
]);

const byService: ReadonlyMap<string, readonly Rule[]> = new Map<string, readonly Rule[]>([
  ['service:case', [{ action: 'read', subject: 'ProgrammeParticulars', fields: ALL_CLASSES }]],
]);

/** The rules of a caller. That no role of the survivor side meets one of these is judged before, by the contract. */
export function rulesFor(caller: Caller): readonly Rule[] {
  if (caller.kind === 'service') return caller.roles.flatMap((role) => byService.get(role) ?? []);
  if (caller.kind !== 'user' || caller.userName === '') return [];
  return caller.roles.flatMap((role) => byRole.get(role)?.(caller) ?? []);
}

export const policy = {
  abilityFor: (caller: Caller) => abilityOf(rulesFor(caller)),
} satisfies Policy;
