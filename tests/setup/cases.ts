import { waitFor } from '@midas/kit/testing';
import { ok, type Rest, rest } from './rest.ts';

type Person = Readonly<Record<string, unknown>>;

/** ETag of what a GET answers, for an update of it. */
export async function etag(on: Rest, path: string): Promise<Readonly<Record<string, string>>> {
  const answer = await on.get(path);
  ok(answer);
  return { 'if-match': answer.headers.get('etag') ?? '' };
}

/**
 * A case as it comes about: the police refer, intake accepts, `case` opens it, the manager gives it to the worker. Answers
 * with the ids.
 */
export async function openCase(
  gatewayUrl: string,
  person: Person,
  more: Readonly<Record<string, unknown>> = {},
  allocation: { readonly worker: string; readonly team: string } | null = {
    worker: 'case-worker@provider',
    team: 'idva',
  },
): Promise<{ readonly caseId: string; readonly referralId: string }> {
  const as = (userName: string) => rest(gatewayUrl, userName);
  const { referral_id: referralId } = ok(
    await as('referrer@police').post('/v1/referrals', {
      kind: 'REFERRAL_KIND_POLICE',
      support: 'SUPPORT_KIND_IDVA',
      person,
      consent_given: true,
      ...more,
    }),
  );
  const intake = as('intake-worker@provider');
  const accept = `/v1/referrals/${referralId}`;
  ok(await intake.post(`${accept}:accept`, {}, await etag(intake, accept)));
  const manager = as('service-manager@provider');
  const caseId = await waitFor(
    async () => ok(await manager.get(`/v1/cases?referral_id=${referralId}`)).cases?.[0]?.case_id,
    { what: 'the case of the referral', timeoutMs: 30_000 },
  );
  if (allocation !== null)
    ok(
      await manager.post(
        `/v1/cases/${caseId}:allocate`,
        allocation,
        await etag(manager, `/v1/cases/${caseId}`),
      ),
    );
  return { caseId, referralId };
}
