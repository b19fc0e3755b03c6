import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

/** The root folder of the repository. */
export const ROOT = resolve(import.meta.dirname, '../../..');

/** Where the local platform keeps its data, logs, pid files and keys: `MIDAS_HOME`, else `.midas` in the root. */
export const midasHome = (environment: NodeJS.ProcessEnv = process.env): string =>
  resolve(environment.MIDAS_HOME ?? join(ROOT, '.midas'));

/** What was downloaded or built once and is shared between clones. */
export const sharedCache = (environment: NodeJS.ProcessEnv = process.env): string =>
  resolve(environment.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'midas');
