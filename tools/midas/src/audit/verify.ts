import { type CopiedHead, type Finding, type KeyedDigest, type Verified, verifyTrail } from '@midas/kit';
import { databaseExists, urlFor, withClient } from '../migrate/index.ts';
import { asTask, type Progress, silentProgress } from '../progress/index.ts';
import { databaseName } from '../services.ts';

/** What was found of one service's audit trail. */
export type ServiceTrail = Verified & { readonly service: string };

export type VerifyTrailsOptions = {
  /** A role that may read the services' databases. */
  readonly databaseUrl: string;
  readonly services: readonly string[];
  readonly heads: readonly CopiedHead[];
  /** The digest of a service's marks, where its key ring is known. */
  readonly marksOf?: (service: string) => KeyedDigest | undefined;
  readonly progress?: Progress;
};

const nothing: Verified = { seals: 0, entries: 0, waiting: 0, heads: 0, marks: 0, findings: [] };

// A database that is gone while heads of it are there is the most thorough cut of all.
const withoutDatabase = (service: string, heads: readonly CopiedHead[]): Verified => {
  const seal = Math.max(0, ...heads.filter((head) => head.service === service).map((head) => head.seal));
  return seal === 0 ? nothing : { ...nothing, findings: [{ kind: 'cut-tail', seal }] };
};

/** Computes the audit trails of these services again, one after the other. */
export const verifyTrails = async (options: VerifyTrailsOptions): Promise<readonly ServiceTrail[]> => {
  const { databaseUrl, services, heads, marksOf, progress = silentProgress } = options;
  const trails: ServiceTrail[] = [];
  for (const service of services) {
    const name = databaseName(service);
    if (!(await withClient(databaseUrl, (client) => databaseExists(client, name)))) {
      trails.push({ service, ...withoutDatabase(service, heads) });
      continue;
    }
    const verified = await asTask(
      progress,
      service,
      (task) =>
        withClient(urlFor(databaseUrl, name), async (client) => {
          await client.query('SET default_transaction_read_only = on');
          let known = 0;
          const onProgress = (done: number, total: number): void => {
            task.setTotal(total);
            task.advance(done - known);
            known = done;
          };
          return verifyTrail(client, { service, heads, marks: marksOf?.(service), onProgress });
        }),
      { total: 1 },
    );
    trails.push({ service, ...verified });
  }
  return trails;
};

const words: Readonly<Record<Finding['kind'], string>> = {
  changed: 'was changed after it was sealed',
  removed: 'was sealed and is gone',
  inserted: 'was put in among sealed entries',
  forged: 'was not written by the service',
  misdated: 'says another time than its place allows',
  'seal-changed': 'was changed, or does not follow from the one before',
  'seal-removed': 'is gone',
  replaced: 'and those after it are not the ones whose heads were copied',
  'cut-tail': 'was copied and is gone, with all that came after the last seal that is there',
};

/** One finding in words: which entry or seal, and what is wrong with it. */
export const findingText = (finding: Finding): string => {
  if ('entry' in finding) return `entry ${finding.entry} ${words[finding.kind]}`;
  const isRange = finding.kind === 'seal-removed' && finding.through > finding.seal;
  const which = isRange ? `seals ${finding.seal} to ${finding.through}` : `seal ${finding.seal}`;
  return `${which} ${isRange ? 'are gone' : words[finding.kind]}`;
};

const count = (n: number, one: string, more: string): string => `${n} ${n === 1 ? one : more}`;

/** What was found, in lines for a person; nothing of what the entries say. */
export const trailText = (trail: ServiceTrail): string => {
  const { service, entries, seals, waiting, heads, marks, findings } = trail;
  const copies =
    heads === 0
      ? 'no copied head to compare with'
      : `${count(heads, 'copied head', 'copied heads')} compared`;
  const marked =
    marks === 0 && entries + waiting > 0
      ? 'marks not looked at'
      : `${count(marks, 'mark', 'marks')} looked at`;
  const verdict = findings.length === 0 ? 'in order' : 'NOT IN ORDER';
  const counted = `${count(entries, 'entry', 'entries')} under ${count(seals, 'seal', 'seals')}, ${waiting} not sealed yet, ${copies}, ${marked}`;
  return [`${service}: ${verdict} (${counted})`, ...findings.map((each) => `  ${findingText(each)}`)].join(
    '\n',
  );
};
