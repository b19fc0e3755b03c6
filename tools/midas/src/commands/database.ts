import { midasHome } from '../paths.ts';
import { createProgress, type Progress } from '../progress/index.ts';

/** Runs `work` on the local PostgreSQL, or on the one of DATABASE_URL; a server started for it is stopped again. */
export const withDatabase = async <T>(
  work: (databaseUrl: string, progress: Progress) => Promise<T>,
): Promise<T> => {
  const { startDatabase } = await import('../backing/index.ts');
  const { withLock } = await import('../process/lock.ts');
  const home = midasHome();
  return withLock(home, async () => {
    const progress = createProgress();
    const database = await startDatabase({ home, report: progress });
    try {
      return await work(database.databaseUrl, progress);
    } finally {
      await database.stop();
      progress.close();
    }
  });
};
