import { generateClients } from './prisma.ts';
import { generateProto } from './proto.ts';

/** What was made anew, by name; empty when everything was up to date. */
export async function generate(): Promise<readonly string[]> {
  const contract = await generateProto();
  const clients = await generateClients();
  return [...(contract ? ['contract'] : []), ...clients];
}
