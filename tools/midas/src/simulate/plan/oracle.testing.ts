import { addMonths, londonDate } from '../time.ts';
import { isRef, type Post, type Step } from './step.ts';

/**
 * The report's measures worked out anew from nothing but the calls of a plan, as a service would from what it is sent.
 * For tests: it shares no code with the generator but dates.
 */
export function measuresOf(plan: readonly Step[], windowMonths = 12): Record<string, number> {
  const posts = plan.filter((step): step is Post => step.kind === 'post');
  const to = (path: RegExp): Post[] => posts.filter((post) => path.test(pathOf(post)));
  const people = identities(posts);

  const incidents = { HIGH: 0, MEDIUM: 0, STANDARD: 0 };
  for (const { actor, body } of to(/^\/v1\/incidents$/)) {
    const answers = read(body, 'risk_answers');
    if (actor !== 'partner-victim-support' || !answers) continue;
    if (within(text(body, 'reported_at'), '2017-04-01', '2018-03-31')) incidents[levelOf(answers)] += 1;
  }

  const marac = repeatsOf(to(/^\/v1\/marac-referrals$/), people, windowMonths);
  const cases = new Map(
    plan.filter((step) => step.kind === 'find-case').map((step) => [step.id, step.referral.ref]),
  );
  const engaged = new Set(
    to(/\/contacts$/)
      .filter(({ body }) => body.safe === true && body.two_way === true && body.support_accepted === true)
      .map(({ path }) => cases.get(path.find(isRef)?.ref ?? '')),
  );
  const referrals = to(/^\/v1\/referrals$/);
  const idva = referrals.filter(
    ({ body }) =>
      body.support === 'SUPPORT_KIND_IDVA' && within(text(body, 'referred_at'), '2017-04-01', '2018-03-31'),
  );
  const oneStopShop = referrals.filter(
    ({ body }) =>
      body.kind === 'REFERRAL_KIND_ONE_STOP_SHOP' &&
      within(text(body, 'referred_at'), '2017-01-01', '2017-12-31'),
  );

  const personOfReferral = new Map(referrals.map((post) => [post.id, people(post.body.person)]));
  const caseOfMember = new Map(to(/\/members$/).map((post) => [post.id, refIn(post.body.case_id)]));
  const freedom = new Set(
    posts.filter(({ body }) => body.programme === 'GROUP_PROGRAMME_FREEDOM').map(({ id }) => id),
  );
  const attended = new Set<number | undefined>();
  for (const session of to(/^\/v1\/groups\/.*\/sessions$/)) {
    const group = session.path.find(isRef)?.ref ?? '';
    if (!freedom.has(group) || !within(text(session.body, 'held_at'), '2017-01-01', '2017-12-31')) continue;
    for (const member of list(session.body.attended_member_ids)) {
      const referral = cases.get(caseOfMember.get(refIn(member)) ?? '');
      attended.add(personOfReferral.get(referral ?? ''));
    }
  }

  return {
    'incidents.high': incidents.HIGH,
    'incidents.medium': incidents.MEDIUM,
    'incidents.standard': incidents.STANDARD,
    'incidents.total': incidents.HIGH + incidents.MEDIUM + incidents.STANDARD,
    ...marac('marac_2017', '2017-01-01', '2017-12-31'),
    ...marac('marac_2018_to_april', '2018-01-01', '2018-04-15'),
    'idva.referred': idva.length,
    'idva.engaged_percent': share(idva.filter(({ id }) => engaged.has(id)).length, idva.length, 1),
    'one_stop_shop.referred': oneStopShop.length,
    'freedom_programme.attended': attended.size,
  };
}

const pathOf = ({ path }: Post): string =>
  path.map((piece) => (typeof piece === 'string' ? piece : 'id')).join('');

type Fields = Readonly<Record<string, unknown>>;
const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const read = (body: unknown, key: string): Fields | undefined => {
  const value = isFields(body) ? body[key] : undefined;
  return isFields(value) ? value : undefined;
};
const text = (body: unknown, key: string): string => {
  const value = isFields(body) ? body[key] : undefined;
  return typeof value === 'string' ? value : '';
};
const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
const refIn = (value: unknown): string => (isRef(value) ? value.ref : '');

const within = (at: string, first: string, last: string): boolean =>
  londonDate(at) >= first && londonDate(at) <= last;

/** Half up, in whole numbers until the last division. */
const share = (part: number, whole: number, unit: number): number =>
  whole === 0 ? 0 : Math.floor((200 * unit * part + whole) / (2 * whole)) / unit;

function levelOf(answers: Fields): 'HIGH' | 'MEDIUM' | 'STANDARD' {
  const yes = list(answers.answers).filter((one) => text(one, 'value') === 'ANSWER_VALUE_YES').length;
  const raised = text(answers.judgement, 'raise_to');
  if (yes >= 14 || raised === 'RISK_LEVEL_HIGH') return 'HIGH';
  return yes >= 10 || raised === 'RISK_LEVEL_MEDIUM' ? 'MEDIUM' : 'STANDARD';
}

/** Who is who over everything sent: equal NHS number, or equal name and birth date, taken together. */
function identities(posts: readonly Post[]): (particulars: unknown) => number | undefined {
  const parent: number[] = [];
  const root = (node: number): number => {
    const up = parent[node] ?? node;
    return up === node ? node : root(up);
  };
  const nodes = new Map<string, number>();
  const keysOf = (particulars: unknown): string[] => {
    const [nhs, birthDate] = [text(particulars, 'nhs_number'), text(particulars, 'birth_date')];
    const name = `${text(particulars, 'given_name')}|${text(particulars, 'family_name')}`.toLowerCase();
    return [...(nhs ? [nhs] : []), ...(birthDate ? [`${name}|${birthDate}`] : [])];
  };
  const learn = (particulars: unknown): void => {
    const ids = keysOf(particulars).map((key) => {
      const known = nodes.get(key);
      if (known !== undefined) return known;
      parent.push(parent.length);
      nodes.set(key, parent.length - 1);
      return parent.length - 1;
    });
    for (const id of ids) parent[root(id)] = root(ids[0] ?? id);
  };
  for (const { body } of posts) {
    for (const key of ['victim', 'person']) if (body[key]) learn(body[key]);
    for (const key of ['perpetrators', 'alleged_perpetrators']) list(body[key]).forEach(learn);
  }
  return (particulars) => {
    const node = nodes.get(keysOf(particulars)[0] ?? '');
    return node === undefined ? undefined : root(node);
  };
}

function repeatsOf(referrals: readonly Post[], people: ReturnType<typeof identities>, windowMonths: number) {
  const last = new Map<string, string>();
  const found = referrals
    .toSorted((a, b) => (text(a.body, 'referred_at') < text(b.body, 'referred_at') ? -1 : 1))
    .map(({ body }) => {
      const referredAt = text(body, 'referred_at');
      const incidentAt = text(body.incident, 'occurred_at');
      const pairs = list(body.perpetrators).map((one) => `${people(body.victim)}/${people(one)}`);
      const repeat = pairs.some((pair) => {
        const before = last.get(pair);
        if (before === undefined || incidentAt <= before) return false;
        return londonDate(incidentAt) <= addMonths(londonDate(before), windowMonths);
      });
      for (const pair of pairs) last.set(pair, referredAt);
      return { referredAt, repeat };
    });
  return (id: string, from: string, to: string): Record<string, number> => {
    const counted = found.filter(({ referredAt }) => within(referredAt, from, to));
    const repeats = counted.filter(({ repeat }) => repeat).length;
    return {
      [`${id}.referred`]: counted.length,
      [`${id}.repeats`]: repeats,
      [`${id}.repeat_percent`]: share(repeats, counted.length, 10),
    };
  };
}
