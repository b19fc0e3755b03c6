import { type MethodContract, methodsOf, serviceNames } from '@midas/kit';
import { filled } from './filled.ts';

/** Ids of records, by the names that requests give them. */
export type Ids = Readonly<Record<string, string>>;

/** One request to the gateway. */
export interface Call {
  readonly verb: string;
  readonly url: string;
  readonly body: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

const withPath = serviceNames()
  .filter((name) => name.startsWith('midas.'))
  .flatMap(methodsOf)
  .filter(({ http }) => http !== undefined);
const isProgramme = ({ path }: MethodContract): boolean => path.startsWith('/midas.perpetrator_programme.');

/** The RPCs with a REST path on either side of the wall, as the contract has them. */
export const programmeSide = withPath.filter(isProgramme);
export const survivorSide = withPath.filter((method) => !isProgramme(method));

/**
 * A request to an RPC that the contract has nothing against, about these records where it names any: what refuses
 * it is who asks.
 */
export function callOf({ http, input, changing, updating }: MethodContract, ids: Ids): Call {
  if (http === undefined) throw new Error('the RPC has no path');
  const fields = filled(input, ids);
  const path = http.path.replaceAll(/\{(\w+)\}/g, (_, name: string) => String(fields[name]));
  for (const name of http.params) delete fields[name];
  const headers = {
    ...(changing ? { 'idempotency-key': crypto.randomUUID() } : {}),
    ...(updating ? { 'if-match': '*' } : {}),
  };
  if (http.body === '*') return { verb: http.verb, url: path, body: JSON.stringify(fields), headers };
  const query = new URLSearchParams(
    Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]),
  );
  const url = query.size === 0 ? path : `${path}?${query}`;
  return { verb: http.verb, url, body: undefined, headers };
}
