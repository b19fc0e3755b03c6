import { ALL_CLASSES, type Caller, type Privacy } from '@midas/kit';
import type { Prisma } from '../gen/prisma/client.ts';

/** A rule about requests of data subjects, legal holds or retention. */
export interface SubjectRule {
  readonly action: 'open' | 'read' | 'review' | 'export' | 'audit' | 'erase' | 'hold' | 'start';
  readonly subject: 'SubjectRequest' | 'LegalHold' | 'RetentionRun';
  readonly fields?: readonly Privacy[];
  readonly conditions?: Prisma.SubjectRequestWhereInput | Prisma.LegalHoldWhereInput;
  readonly inverted?: true;
}

const ON_REQUESTS = ['open', 'read', 'review', 'export', 'audit', 'erase', 'hold'] as const;

/**
 * Information governance answers data subjects, within its own organisation: what it sees of a record it sees in the
 * review and the copy of a request only. Somebody with a conflict of interest has nothing to do with the person's.
 */
export function subjectRules(
  { kind, roles, organisation, userName }: Caller,
  blockedPersonIds: readonly string[],
): readonly SubjectRule[] {
  if (kind !== 'user' || !roles.includes('information-governance')) return [];
  const own = { organisation };
  return [
    ...ON_REQUESTS.map((action) => requests(action, own)),
    holds('read', own),
    holds('hold', own),
    { action: 'read', subject: 'RetentionRun' },
    { action: 'start', subject: 'RetentionRun' },
    ...(blockedPersonIds.length === 0
      ? []
      : blocks({ concerns: { hasSome: [...blockedPersonIds] } }, userName)),
  ];
}

const requests = (
  action: (typeof ON_REQUESTS)[number],
  conditions: Prisma.SubjectRequestWhereInput,
): SubjectRule => ({
  action,
  subject: 'SubjectRequest',
  conditions,
  ...(action === 'read' && { fields: ALL_CLASSES }),
});

const holds = (action: 'read' | 'hold', ofRequest: Prisma.SubjectRequestWhereInput): SubjectRule => ({
  action,
  subject: 'LegalHold',
  conditions: { request: { is: ofRequest } },
  ...(action === 'read' && { fields: ALL_CLASSES }),
});

// That a request was opened stays to be seen by who opened it: that it went away would tell whom it is about.
const blocks = (concerning: Prisma.SubjectRequestWhereInput, userName: string): readonly SubjectRule[] =>
  [
    ...ON_REQUESTS.map((action) =>
      requests(action, action === 'read' ? { ...concerning, openedBy: { not: userName } } : concerning),
    ),
    holds('read', concerning),
    holds('hold', concerning),
  ].map(({ action, subject, conditions }) => ({
    action,
    subject,
    inverted: true,
    ...(conditions && { conditions }),
  }));
