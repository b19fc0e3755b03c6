import type { Random } from '../random.ts';
import { addMinutes } from '../time.ts';
import { ACTORS } from './actors.ts';
import { daysLater } from './couple.ts';
import { allocateId, type OpenCase } from './referrals.ts';
import { type Post, ref } from './step.ts';

const NEEDS = [
  ['DENTAL', 'dental-practice'],
  ['GP_REGISTRATION', 'gp-practice'],
  ['SEXUAL_HEALTH', 'sexual-health-clinic'],
  ['CERVICAL_SCREENING', 'gp-practice'],
  ['CHILD_IMMUNISATION', 'gp-practice'],
  ['MENTAL_HEALTH', 'talking-therapies'],
] as const;

/**
 * Health plans for some engaged cases: shared for health with the person's consent by whoever works the case, then opened
 * by a navigator; needs found, referrals made for most, attended by some.
 */
export function healthSteps(cases: readonly OpenCase[], chance: Random): readonly Post[] {
  return cases
    .filter((one) => one.engagedAt !== undefined && chance.chance(0.12))
    .flatMap((one) => planSteps(one, chance));
}

function planSteps({ id, caseStep, worker = '', engagedAt = '' }: OpenCase, chance: Random): readonly Post[] {
  const plan = `${id}/health-plan`;
  const share = `${id}/health-share`;
  const openedAt = daysLater(chance, engagedAt, chance.int(0, 5));
  const steps: Post[] = [
    {
      kind: 'post',
      id: share,
      at: engagedAt,
      actor: worker,
      path: ['/v1/cases/', ref(caseStep), '/share-grants'],
      body: {
        organisation: 'ccg',
        purpose: 'direct-care',
        scope: 'SHARE_SCOPE_HEALTH',
        lawful_basis: 'LAWFUL_BASIS_CONSENT',
        consent_given: true,
      },
      answer: 'share_grant_id',
      after: [allocateId(id)],
    },
    {
      kind: 'post',
      id: plan,
      at: openedAt,
      actor: ACTORS.navigator,
      path: ['/v1/health-plans'],
      body: { case_id: ref(caseStep), occurred_at: openedAt },
      answer: 'health_plan_id',
      after: [share],
    },
  ];
  chance
    .shuffle(NEEDS)
    .slice(0, chance.int(1, 3))
    .forEach(([kind, service], index) => {
      const need = `${plan}/need-${index + 1}`;
      const foundAt = addMinutes(openedAt, 10 + index);
      const step = (
        name: string,
        at: string,
        path: Post['path'],
        body: Post['body'],
        answer: string,
      ): Post => {
        const made: Post = { kind: 'post', id: name, at, actor: ACTORS.navigator, path, body, answer };
        steps.push(made);
        return made;
      };
      const kindName = `HEALTH_NEED_KIND_${kind}`;
      step(
        need,
        foundAt,
        ['/v1/health-plans/', ref(plan), '/needs'],
        { kind: kindName, found_at: foundAt },
        'health_need_id',
      );
      if (!chance.chance(0.75)) return;
      const referral = `${plan}/referral-${index + 1}`;
      const referredAt = daysLater(chance, foundAt, chance.int(0, 3));
      const asked = { health_need_id: ref(need), service, referred_at: referredAt };
      step(referral, referredAt, ['/v1/health-plans/', ref(plan), '/referrals'], asked, 'health_referral_id');
      if (!chance.chance(0.65)) return;
      const attendedAt = daysLater(chance, referredAt, chance.int(4, 30));
      const attend = { attended_at: attendedAt };
      const path = ['/v1/health-referrals/', ref(referral), ':attend'];
      const made = step(`${referral}/attend`, attendedAt, path, attend, 'health_referral_id');
      steps[steps.length - 1] = { ...made, match: { etagOf: referral } };
    });
  return steps;
}
