import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Privacy } from '@midas/kit';

/** One line of `expected.csv`; `*` stands for any. */
export interface Expected {
  readonly rpc: string;
  readonly role: string;
  readonly relationship: string;
  readonly decision: string;
  readonly masked: readonly Privacy[];
  /** What of access.md says so. */
  readonly accessRow: string;
}

/** The lines of `expected.csv`, which people write. */
export const expected: readonly Expected[] = readFileSync(join(import.meta.dirname, 'expected.csv'), 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => {
    const [rpc = '', role = '', relationship = '', decision = '', masked = '', accessRow = ''] = cells(line);
    return { rpc, role, relationship, decision, masked: classes(masked), accessRow };
  });

/** The line that decides: the one that names the relationship, then the RPC, then the role. */
export function expectedOf(asked: {
  readonly rpc: string;
  readonly role: string;
  readonly relationship: string;
}): Expected | undefined {
  const fits = (line: Expected): boolean =>
    (['rpc', 'role', 'relationship'] as const).every((key) => line[key] === '*' || line[key] === asked[key]);
  const weight = ({ rpc, role, relationship }: Expected): number =>
    (relationship === '*' ? 0 : 4) + (rpc === '*' ? 0 : 2) + (role === '*' ? 0 : 1);
  return expected.filter(fits).toSorted((one, other) => weight(other) - weight(one))[0];
}

// A word that is no class masks nothing and shows in the comparison.
function classes(text: string): readonly Privacy[] {
  return text === '' ? [] : (text.split(';') as Privacy[]);
}

function cells(line: string): readonly string[] {
  return [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
}
