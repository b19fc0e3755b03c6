import { rulesFor as caseRules } from '@midas/case/policy';
import { rulesFor as healthRules } from '@midas/health-access/policy';
import {
  ALL_CLASSES,
  abilityOf,
  access,
  type Caller,
  contractRoles,
  DomainError,
  type MethodContract,
  maskedNames,
  mayEver,
  messageOf,
  methodsOf,
  type Privacy,
  type PureAbility,
  serviceNames,
} from '@midas/kit';
import { rulesFor as outcomesRules } from '@midas/outcomes/policy';
import { rulesFor as programmeRules } from '@midas/perpetrator-programme/policy';
import { rulesFor as referralRules } from '@midas/referral/policy';
import { rulesFor as riskRules } from '@midas/risk/policy';
import {
  callerWith,
  factsElsewhere,
  factsInCase,
  hasSamples,
  RELATIONSHIPS,
  type Relationship,
  sampleOf,
  standingOfMaker,
} from './samples.ts';

/** What one role may do by one RPC with a record to which it stands in one way. */
export interface MatrixRow {
  /** E.g. `case.CaseService/GetCase`. */
  readonly rpc: string;
  readonly role: string;
  readonly relationship: Relationship;
  readonly decision: 'allow' | 'deny';
  /** Fields of the record that the answer leaves out, e.g. `person.address`. */
  readonly masked: readonly string[];
}

type AbilityFor = (caller: Caller, relationship: Relationship) => PureAbility;

/** The rules as the services run them, by the package of the contract. */
const abilities: Readonly<Record<string, AbilityFor>> = {
  case: (caller, relationship) => abilityOf(caseRules(caller, factsInCase(relationship))),
  referral: (caller, relationship) => abilityOf(referralRules(caller, factsElsewhere(relationship))),
  risk: (caller, relationship) => abilityOf(riskRules(caller, factsElsewhere(relationship))),
  // A plan that a navigator is assigned is of a case that is shared for it.
  health_access: (caller, relationship) =>
    abilityOf(
      healthRules(
        caller,
        factsElsewhere(isNavigatorOf(caller, relationship) ? 'shared-health' : relationship),
      ),
    ),
  outcomes: (caller) => abilityOf(outcomesRules(caller)),
  perpetrator_programme: (caller) => abilityOf(programmeRules(caller)),
};

const isNavigatorOf = ({ roles }: Caller, relationship: Relationship): boolean =>
  relationship === 'assigned' && roles.includes('health-navigator');

const processes = [
  'gateway',
  'referral',
  'risk',
  'case',
  'health-access',
  'perpetrator-programme',
  'outcomes',
];

/** Everybody who can hold a token: every role where it may be held, and every service. */
function callers(): readonly Caller[] {
  const people = [...contractRoles().values()].map(({ name, organisationKinds }) =>
    callerWith(name, organisationKinds[0] ?? 'partner'),
  );
  return [...people, ...processes.map((name) => callerWith(`service:${name}`, ''))];
}

/** The effective matrix: RPC × role × relationship, from the rules that the services run. */
export function accessMatrix(): readonly MatrixRow[] {
  const all = callers();
  return serviceNames()
    .filter((name) => name.startsWith('midas.'))
    .flatMap((name) => methodsOf(name))
    .flatMap((method) => all.flatMap((caller) => rowsOf(method, caller)));
}

export const rpcOf = ({ path }: MethodContract): string =>
  path.replace(/^\/midas\./, '').replace(/\.v\d+\./, '.');

function rowsOf(method: MethodContract, caller: Caller): readonly MatrixRow[] {
  const rpc = rpcOf(method);
  const role = caller.roles[0] ?? '';
  const row = (relationship: Relationship, effect: Effect): MatrixRow => ({
    rpc,
    role,
    relationship,
    ...effect,
  });
  switch (method.access.kind) {
    case 'public':
      return [row('any', ALLOWED)];
    case 'internal': {
      const isCaller = method.access.callers.some((name) => role === `service:${name}`);
      return [row('any', isCaller ? ALLOWED : DENIED)];
    }
    case 'permission':
      return caller.kind === 'service'
        ? [row('any', DENIED)]
        : RELATIONSHIPS.flatMap((relationship) => {
            const effect = effectOf(method, caller, relationship);
            return effect === undefined ? [] : [row(relationship, effect)];
          });
  }
}

type Effect = Pick<MatrixRow, 'decision' | 'masked'>;
const ALLOWED: Effect = { decision: 'allow', masked: [] };
const DENIED: Effect = { decision: 'deny', masked: [] };

/** What becomes of a call; undefined when no record can stand in this relationship to the caller. */
function effectOf(method: MethodContract, caller: Caller, relationship: Relationship): Effect | undefined {
  if (method.access.kind !== 'permission') return undefined;
  const { action, subject } = method.access;
  if (!hasSamples(subject))
    throw new Error(`There is no sample of ${subject}, which ${method.path} asks for.`);
  const ability = abilityFor(method, caller, relationship);
  const { record, subject: shownAs } = shownBy(method);
  const isNew = makesNew(method);
  if (isNew && relationship !== 'any') return undefined;

  const asked = isNew ? undefined : sampleOf(subject, caller, relationship);
  if (!isNew && asked === undefined) return undefined;
  if (isNew ? !mayEver(ability, action, subject) : !permits(ability, action, subject, asked ?? {}))
    return DENIED;
  const shownIn = isNew ? standingOfMaker(shownAs, caller) : relationship;
  const shown = shownIn && sampleOf(shownAs, caller, shownIn);
  if (shownIn === undefined || shown === undefined) return ALLOWED;
  const classes = access(abilityFor(method, caller, shownIn)).classes(shownAs, shown);
  if (!isNew && shownAs !== subject && classes.size === 0) return DENIED;
  return { decision: 'allow', masked: maskedNames(messageOf(record), classes) };
}

function abilityFor({ path }: MethodContract, caller: Caller, relationship: Relationship): PureAbility {
  const find = abilities[path.split('.')[1] ?? ''];
  if (find === undefined) throw new Error(`The policy of ${path} is not known.`);
  return find(caller, relationship);
}

/** A POST to a collection that no path leads to makes a record, which nobody stands in a relationship to yet. */
const makesNew = ({ http, updating, changing }: MethodContract): boolean =>
  changing && !updating && http?.params.length === 0;

/** Reads as the handlers do: what may not be read may not be changed. */
function permits(ability: PureAbility, action: string, subject: string, row: object): boolean {
  try {
    access(ability).require(action, subject, row);
    return true;
  } catch (error) {
    if (error instanceof DomainError) return false;
    throw error;
  }
}

/** The message that an answer shows, one or a list of them, and the subject under which it is shown. */
function shownBy({ name, output, access: rule }: MethodContract): {
  readonly record: string;
  readonly subject: string;
} {
  const listed = output.fields.find(({ fieldKind, message }) => fieldKind === 'list' && message)?.message;
  const record = /^(List|Search)/.test(name) && listed !== undefined ? listed : output;
  const { action, subject } = rule.kind === 'permission' ? rule : { action: '', subject: '' };
  // What an export shows is a subject of its own.
  const ofAction = `${subject}${action.charAt(0).toUpperCase()}${action.slice(1)}`;
  const shownAs = [record.name, ofAction].find(hasSamples) ?? subject;
  return { record: record.typeName, subject: shownAs };
}

/** Classes of privacy as names of fields that an RPC's answer leaves out when it hides them. */
export function fieldsOf(method: MethodContract, hidden: readonly Privacy[]): readonly string[] {
  const seen = new Set(ALL_CLASSES.filter((itsClass) => !hidden.includes(itsClass)));
  return maskedNames(messageOf(shownBy(method).record), seen);
}
