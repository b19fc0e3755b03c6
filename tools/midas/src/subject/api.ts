import { userError } from '../errors.ts';
import { midasHome } from '../paths.ts';
import { http, textAt } from '../simulate/send/http.ts';

/** Where the gateway is and as whom it is asked. */
export interface ApiOptions {
  /** URL of the gateway; the platform of this machine when left out. */
  readonly gateway?: string;
  /** Demo user of the platform of this machine, when no token is given in MIDAS_TOKEN. */
  readonly as: string;
}

/** The gateway as information governance calls it. */
export interface Api extends Disposable {
  readonly get: (path: string) => Promise<unknown>;
  readonly post: (path: string, body: object) => Promise<unknown>;
  /** A POST on a known record: reads its version at `record` first. */
  readonly change: (record: string, verb: string, body: object) => Promise<unknown>;
}

/** Opens the API: with the token in MIDAS_TOKEN, or on this machine as a demo user. */
export async function openApi({ gateway, as }: ApiOptions): Promise<Api> {
  const token = process.env.MIDAS_TOKEN;
  // A token of this machine's platform goes nowhere else.
  if (gateway !== undefined && token === undefined)
    throw userError('There is no token for this gateway.', 'Put one into MIDAS_TOKEN.');
  const local = gateway === undefined ? await localPlatform(as, token) : undefined;
  const url = (gateway ?? local?.url ?? '').replace(/\/$/, '');
  const authorization = `Bearer ${token ?? local?.token}`;
  const connection = http(2);
  const send = async (method: 'GET' | 'POST', path: string, headers: object, body?: object) => {
    const answer = await connection.send({
      method,
      url: `${url}${path}`,
      headers: {
        authorization,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (answer.status < 300) return answer;
    const detail = textAt(answer.json, 'detail') ?? textAt(answer.json, 'title') ?? 'no reason was given';
    throw userError(
      `The gateway refused (${answer.status}): ${detail}`,
      'See midas subject --help for the steps of a request.',
    );
  };
  const keyed = () => ({ 'idempotency-key': crypto.randomUUID() });
  return {
    get: async (path) => (await send('GET', path, {})).json,
    post: async (path, body) => (await send('POST', path, keyed(), body)).json,
    change: async (record, verb, body) => {
      const read = await send('GET', record, {});
      const ifMatch = { 'if-match': read.header('etag') ?? '*' };
      return (await send('POST', `${record}:${verb}`, { ...keyed(), ...ifMatch }, body)).json;
    },
    [Symbol.dispose]: connection.close,
  };
}

async function localPlatform(as: string, token: string | undefined) {
  const [{ accessToken }, { addresses }] = await Promise.all([
    import('../simulate/index.ts'),
    import('../platform/index.ts'),
  ]);
  const home = midasHome();
  const found = await addresses(home);
  if (!found) {
    throw userError(
      'The platform does not run on this machine.',
      'Start it with: midas up. For another one give --gateway <url> and a token in MIDAS_TOKEN.',
    );
  }
  return { url: found.gatewayUrl, token: token ?? (await accessToken({ ...found, home }, as)) };
}
