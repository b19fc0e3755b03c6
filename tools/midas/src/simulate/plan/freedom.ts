import type { Figures } from '../figures.ts';
import type { People, Person } from '../people/person.ts';
import type { Random } from '../random.ts';
import { addDays, addMinutes, london } from '../time.ts';
import { ACTORS } from './actors.ts';
import { newCouple, officeTime } from './couple.ts';
import type { WalkInCase } from './one-stop-shop.ts';
import { acceptStep, caseId, DOORS, findCaseStep, type OpenCase, submitStep } from './referrals.ts';
import { type Post, ref, type Step } from './step.ts';

const SIZE = 22;
const SESSIONS = 12;
/** A little more than one in seven who join never come. */
const NEVER_COME = 0.15;
/** Later than any instant. */
const OPEN = '9';

interface Group {
  readonly id: string;
  readonly programme: 'FREEDOM' | 'RECOVERY_TOOLKIT';
  /** Day of the first weekly session. */
  readonly first: string;
}

interface Member {
  readonly person: Person;
  readonly caseStep: string;
  /** When the case closes; '9…' when it stays open. */
  readonly until: string;
  /** Which of the twelve sessions they come to; none for who never comes. */
  readonly sessions: ReadonlySet<number>;
}

/**
 * Groups of the Freedom Programme in 2017: exactly the wanted number of persons come at least once, others join and
 * never come; some come to a second group and still are one person; and sessions of 2018 and of another
 * programme must not be counted.
 */
export function freedomSteps(
  { freedom }: Figures,
  known: { readonly idva: readonly OpenCase[]; readonly walkIns: readonly WalkInCase[] },
  people: People,
  chance: Random,
  reference: (id: string) => string,
): readonly Step[] {
  const steps: Step[] = [];
  const members = new Set<Person>();
  let direct = 0;
  const fromIdva = chance.shuffle(known.idva);
  const fromWalkIns = chance.shuffle(known.walkIns);

  /** The case of somebody who is in no group yet and was known before it began. */
  const memberCase = (before: string): Omit<Member, 'sessions'> => {
    const open = (one: OpenCase): boolean =>
      one.openedAt < before && (one.closedAt ?? OPEN) > addMinutes(before, 1440) && !members.has(one.victim);
    if (chance.chance(0.3)) {
      const index = fromIdva.findIndex(
        (one) => open(one) && one.engagedAt !== undefined && one.engagedAt < before,
      );
      const [found] = index < 0 ? [] : fromIdva.splice(index, 1);
      if (found) return { person: found.victim, caseStep: found.caseStep, until: found.closedAt ?? OPEN };
    }
    if (chance.chance(0.6)) {
      const index = fromWalkIns.findIndex(open);
      const [found] = index < 0 ? [] : fromWalkIns.splice(index, 1);
      if (found) {
        steps.push(found.find);
        return { person: found.victim, caseStep: found.caseStep, until: OPEN };
      }
    }
    direct += 1;
    const id = `freedom-referral/${String(direct).padStart(4, '0')}`;
    const { victim, perpetrator } = newCouple(people);
    const referredAt = officeTime(chance, [
      addDays(before.slice(0, 10), -40),
      addDays(before.slice(0, 10), -6),
    ]);
    const draft = {
      id,
      victim,
      perpetrator,
      door: DOORS.self,
      support: 'FREEDOM_PROGRAMME' as const,
      referredAt,
    };
    const accept = acceptStep(draft, chance);
    steps.push(submitStep(draft, reference), accept, findCaseStep(accept, id));
    return { person: victim, caseStep: caseId(id), until: OPEN };
  };
  const join = (group: Group, sessions: ReadonlySet<number>): Member => {
    const found = memberCase(joiningOf(group));
    members.add(found.person);
    return { ...found, sessions };
  };

  const comers = freedom.attended;
  const others = Math.round(comers * NEVER_COME);
  const groups = groupsOf2017(Math.ceil((comers + others) / SIZE));
  const kinds = chance.shuffle([...Array<boolean>(comers).fill(true), ...Array<boolean>(others).fill(false)]);
  const cameBefore: { readonly group: number; readonly member: Member }[] = [];
  groups.forEach((group, index) => {
    const joined = kinds
      .slice(index * SIZE, (index + 1) * SIZE)
      .map((comes) => join(group, comes ? someSessions(chance, SESSIONS) : new Set()));
    const again = chance
      .shuffle(cameBefore.filter((one) => one.group < index - 3 && one.member.until > startOf(group)))
      .slice(0, 1)
      .map(({ member }) => ({ ...member, sessions: someSessions(chance, SESSIONS) }));
    steps.push(...groupSteps(group, [...joined, ...again]));
    cameBefore.push(
      ...joined.filter((one) => one.sessions.size > 0).map((member) => ({ group: index, member })),
    );
  });

  const into2018: Group = { id: 'group/freedom-2018', programme: 'FREEDOM', first: '2018-01-09' };
  const toolkit: Group = { id: 'group/recovery-2017', programme: 'RECOVERY_TOOLKIT', first: '2017-06-06' };
  for (const group of [into2018, toolkit]) {
    const size = 1 + Math.round(Math.min(10, comers * 0.04));
    const joined = Array.from({ length: size }, () => join(group, someSessions(chance, SESSIONS)));
    steps.push(...groupSteps(group, joined));
  }
  return steps;
}

const startOf = ({ first }: Group): string => london(first, '10:00');

/** The day before, when members join. */
const joiningOf = (group: Group): string => addMinutes(startOf(group), -1440);

const someSessions = (chance: Random, of: number): ReadonlySet<number> => {
  const all = Array.from({ length: of }, (_, index) => index);
  return new Set(chance.shuffle(all).slice(0, chance.int(1, of)));
};

/** Groups spread over the year so that all twelve weeks lie in it: 10 January to 3 October are first days. */
function groupsOf2017(count: number): readonly Group[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `group/freedom-${String(index + 1).padStart(3, '0')}`,
    programme: 'FREEDOM',
    first: addDays('2017-01-10', 7 * Math.floor((index * 39) / Math.max(1, count))),
  }));
}

function groupSteps(group: Group, members: readonly Member[]): readonly Post[] {
  const startsAt = startOf(group);
  const create: Post = {
    kind: 'post',
    id: group.id,
    at: addMinutes(startsAt, -3 * 1440),
    actor: ACTORS.groupFacilitator,
    path: ['/v1/groups'],
    body: {
      programme: `GROUP_PROGRAMME_${group.programme}`,
      name: `Tuesdays from ${group.first}`,
      starts_at: startsAt,
    },
    answer: 'group_id',
  };
  const joins = members.map(
    ({ caseStep }, index): Post => ({
      kind: 'post',
      id: `${group.id}/member-${index + 1}`,
      at: addMinutes(joiningOf(group), index),
      actor: ACTORS.manager,
      path: ['/v1/groups/', ref(group.id), '/members'],
      body: { case_id: ref(caseStep) },
      answer: 'member_id',
    }),
  );
  const sessions = Array.from({ length: SESSIONS }, (_, week): Post => {
    const heldAt = london(addDays(group.first, 7 * week), '10:00');
    const present = joins.filter((_join, index) => members[index]?.sessions.has(week));
    return {
      kind: 'post',
      id: `${group.id}/session-${week + 1}`,
      at: heldAt,
      actor: ACTORS.groupFacilitator,
      path: ['/v1/groups/', ref(group.id), '/sessions'],
      body: { held_at: heldAt, attended_member_ids: present.map((one) => ref(one.id)) },
      answer: 'session_id',
      after: joins.map((one) => one.id),
    };
  });
  return [create, ...joins, ...sessions];
}
