import { Agent, request } from 'node:http';

const agent = new Agent({ keepAlive: true, maxSockets: 64 });

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** One HTTP call over kept connections; the built-in `fetch` costs more than what is measured here. */
export function call(
  url: string,
  method: 'GET' | 'POST',
  headers: Readonly<Record<string, string>>,
  body?: string,
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, agent, headers }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, text: Buffer.concat(parts).toString('utf8') }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(body);
  });
}

/** A token of a demo user, asked for again before it ends. */
export function signedIn(issuer: string, username: string, password: string): () => Promise<string> {
  let held: { readonly token: Promise<string>; readonly until: number } | undefined;
  return () => {
    if (held === undefined || held.until < Date.now()) {
      held = { token: grant(issuer, username, password), until: Date.now() + 200_000 };
    }
    return held.token;
  };
}

async function grant(issuer: string, username: string, password: string): Promise<string> {
  const answer = await fetch(`${issuer}/protocol/openid-connect/token`, {
    method: 'POST',
    body: new URLSearchParams({ grant_type: 'password', client_id: 'midas-demo', username, password }),
  });
  if (!answer.ok) throw new Error(`No token for ${username}: ${answer.status}`);
  const body: { readonly access_token: string } = JSON.parse(await answer.text());
  return body.access_token;
}
