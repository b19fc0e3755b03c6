import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { type CopiedHead, headIn } from '@midas/kit';
import { exists } from '../backing/install.ts';
import { messageOf, userError } from '../errors.ts';
import { headsFileOf } from '../platform/heads-file.ts';

const headsOf = async (file: string): Promise<readonly CopiedHead[]> => {
  const found: CopiedHead[] = [];
  try {
    for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Infinity })) {
      const head = headIn(line);
      if (head) found.push(head);
    }
  } catch (cause) {
    throw userError(`The copied heads cannot be read: ${messageOf(cause)}.`, 'Give another file to --heads.');
  }
  return found;
};

/**
 * The heads that were copied out of the databases: of these files (files of heads or logs of services), or of the local
 * platform's own when none is given.
 */
export const readHeads = async (home: string, files: readonly string[]): Promise<readonly CopiedHead[]> => {
  if (files.length === 0) {
    const own = headsFileOf(home);
    return (await exists(own)) ? headsOf(own) : [];
  }
  const found = (await Promise.all(files.map(headsOf))).flat();
  if (found.length > 0) return found;
  throw userError(
    `There is no head in ${files.map((file) => join(file)).join(', ')}.`,
    'Give the file of AUDIT_HEADS_FILE, or the log of a service at level info.',
  );
};
