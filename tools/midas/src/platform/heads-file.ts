import { join } from 'node:path';

/** The file to which the local platform's services copy the heads of their audit trails. */
export const headsFileOf = (home: string): string => join(home, 'audit-heads.jsonl');
