/** Who sends what: clients of partner systems, and users of the demo realm. */
export const ACTORS = {
  policeSystem: 'partner-police',
  victimSupportSystem: 'partner-victim-support',
  primaryCareSystem: 'partner-primary-care',
  housingSystem: 'partner-housing',
  childrensSocialCareSystem: 'partner-childrens-social-care',
  intake: 'intake-worker@provider',
  manager: 'service-manager@provider',
  maracCoordinator: 'marac-coordinator@council',
  policeRepresentative: 'marac-representative@police',
  navigator: 'health-navigator@ccg',
  groupFacilitator: 'group-facilitator@provider',
  programmeFacilitator: 'programme-facilitator@provider',
  commissioner: 'commissioner@council',
} as const;

/** The two case-workers, in different teams. */
export const CASE_WORKERS = [
  { user: 'case-worker@provider', team: 'idva' },
  { user: 'case-worker-2@provider', team: 'outreach' },
] as const;

/** Agencies besides the police that now and then refer to MARAC. */
export const OTHER_REPRESENTATIVES = [
  'marac-representative@housing',
  'marac-representative@childrens-social-care',
  'marac-representative@acute',
  'marac-representative@primary-care',
  'marac-representative@probation',
  'marac-representative@victim-support',
] as const;

/** Why an actor calls, as the audit trail records it. */
export function purposeOf(actor: string): string {
  if (actor.startsWith('marac-')) return 'marac';
  if (actor.startsWith('commissioner')) return 'commissioning';
  const supports = actor.endsWith('@provider') && actor !== ACTORS.programmeFacilitator;
  return supports || actor === ACTORS.navigator ? 'direct-care' : 'safeguarding';
}
