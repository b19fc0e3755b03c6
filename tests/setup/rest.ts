import { testToken } from '@midas/kit/testing';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // Bodies are looked into by assertions, which name what they expect.
  // biome-ignore lint/suspicious/noExplicitAny: a JSON body of any shape
  readonly body: any;
}

export interface Rest {
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Answer>;
  post(path: string, body: unknown, headers?: Readonly<Record<string, string>>): Promise<Answer>;
}

/** The gateway as a signed-in demo user calls it; each POST has a fresh idempotency key unless one is given. */
export function rest(url: string, userName: string): Rest {
  const send = async (
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    body?: string,
  ) => {
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { authorization: `Bearer ${await testToken(userName)}`, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? undefined : JSON.parse(text),
    };
  };
  return {
    get: (path, headers = {}) => send('GET', path, headers),
    post: (path, body, headers = {}) =>
      send(
        'POST',
        path,
        { 'content-type': 'application/json', 'idempotency-key': crypto.randomUUID(), ...headers },
        JSON.stringify(body),
      ),
  };
}

export interface Asking {
  readonly method?: string;
  /** Sent as it is; nothing else is added besides the content type. */
  readonly body?: string | Uint8Array<ArrayBuffer>;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Any request at all, as a careless or hostile client sends it, and the answer as text. */
export async function ask(
  url: string,
  { method = 'POST', body, headers = {} }: Asking,
): Promise<{ readonly status: number; readonly headers: Headers; readonly text: string }> {
  const response = await fetch(url, {
    method,
    headers: { ...(body === undefined ? {} : { 'content-type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** The answer's body, or a failure that says what came instead. */
export function ok(answer: Answer): Answer['body'] {
  if (answer.status >= 300) throw new Error(`${answer.status}: ${JSON.stringify(answer.body)}`);
  return answer.body;
}
