import pg from 'pg';
import { type Answer, call } from './client.ts';
import { loop, steady, type Timings } from './statistics.ts';

export interface Target {
  readonly gatewayUrl: string;
  readonly token: () => Promise<string>;
}

// Between two looks at what arrived.
const pauseMs = 500;

const body = JSON.stringify({
  kind: 'REFERRAL_KIND_POLICE',
  support: 'SUPPORT_KIND_IDVA',
  person: {
    given_name: 'Benchia',
    family_name: 'Measurewell',
    birth_date: '1984-02-29',
    nhs_number: '9999999468',
    gender: 'GENDER_FEMALE',
    phone: '+447700900123',
    address: { lines: ['1 Synthetic Street'], postcode: 'ME4 4UH' },
    safe_contact: { phone: 'CONTACT_SAFETY_SAFE' },
  },
  alleged_perpetrators: [{ given_name: 'Nemo', family_name: 'Nobodyson', birth_date: '1980-01-01' }],
  consent_given: true,
  reason: 'A synthetic referral of the usual length, written for measuring and for nothing else.',
});

function expect2xx({ status, text }: Answer): string {
  if (status >= 300) throw new Error(`The gateway answered ${status}: ${text}`);
  return text;
}

/** Submits one referral; answers with its id. */
export async function submit({ gatewayUrl, token }: Target): Promise<string> {
  const headers = {
    authorization: `Bearer ${await token()}`,
    'content-type': 'application/json',
    'idempotency-key': crypto.randomUUID(),
  };
  const answer = await call(`${gatewayUrl}/v1/referrals`, 'POST', headers, body);
  const referral: { readonly referral_id: string } = JSON.parse(expect2xx(answer));
  return referral.referral_id;
}

async function read({ gatewayUrl, token }: Target, path: string): Promise<void> {
  expect2xx(await call(`${gatewayUrl}${path}`, 'GET', { authorization: `Bearer ${await token()}` }));
}

/** As many submitted referrals as 16 clients get through. */
export const submitRate = (target: Target, seconds: number): Promise<Timings> =>
  loop(16, seconds, async () => void (await submit(target)));

/** Single reads, or pages of 50, at a steady rate. */
export const readAt = (target: Target, path: string, rate: number, seconds: number): Promise<Timings> =>
  steady(rate, seconds, () => read(target, path));

/**
 * Milliseconds from the commit of a submitted referral to its fact in outcomes, at `rate` a second. Both times are the
 * databases' own: begin of the transaction that wrote the event, begin of the transaction that applied it.
 */
export async function lag(
  target: Target,
  urls: { readonly referral: string; readonly outcomes: string },
  rate: number,
  seconds: number,
): Promise<readonly number[]> {
  const since = new Date();
  await steady(rate, seconds, async () => void (await submit(target)));
  const sent = await times(
    urls.referral,
    `SELECT id::text, recorded_at AS at FROM outbox_event WHERE recorded_at >= $1 AND subject LIKE '%.submitted.%'`,
    since,
  );
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const applied = await times(
      urls.outcomes,
      'SELECT event_id::text AS id, applied_at AS at FROM inbox_event WHERE applied_at >= $1',
      since,
    );
    const lags = [...sent].flatMap(([id, at]) => {
      const when = applied.get(id);
      return when === undefined ? [] : [when - at];
    });
    if (lags.length === sent.size) return lags;
    if (Date.now() > giveUp)
      throw new Error(`${sent.size - lags.length} events did not reach outcomes in a minute.`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}

async function times(url: string, sql: string, since: Date): Promise<ReadonlyMap<string, number>> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string; at: Date }>(sql, [since]);
    return new Map(rows.map(({ id, at }) => [id, at.getTime()]));
  } finally {
    await client.end();
  }
}
