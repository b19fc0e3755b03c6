import { EventEmitter } from 'node:events';
import type { Database } from './types.ts';

/*
 * Tells the relay that events were committed. NOTIFY inside the command's transaction would take PostgreSQL's one
 * notification lock and hold it over the commit, so that commits wait for each other and none share a flush. So the
 * relay in this process is woken directly, and one in another process by a NOTIFY of its own after the commit, at
 * most one under way at a time. If the process dies between, the relay's poll finds the rows.
 */
const woken = new EventEmitter<{ wake: [Database] }>();
woken.setMaxListeners(0);
const notifying = new WeakMap<Database, 'sent' | 'again'>();

/** Calls `listener` after every commit on `db` that published; `listener` says whether it takes care of it. */
export function onCommit(db: Database, listener: () => boolean): () => void {
  const filtered = (from: Database): void => {
    if (from === db && listener()) local.add(from);
  };
  woken.on('wake', filtered);
  return () => woken.off('wake', filtered);
}

const local = new WeakSet<Database>();

/** To be called after a commit that published events. Never fails and never waits. */
export function wakeRelay(db: Database, channel: string): void {
  local.delete(db);
  woken.emit('wake', db);
  if (!local.has(db)) notify(db, channel);
}

function notify(db: Database, channel: string): void {
  if (notifying.has(db)) {
    notifying.set(db, 'again');
    return;
  }
  notifying.set(db, 'sent');
  void Promise.resolve(db.$executeRawUnsafe(`NOTIFY ${channel}`))
    .catch(() => undefined)
    .then(() => {
      const again = notifying.get(db) === 'again';
      notifying.delete(db);
      if (again) notify(db, channel);
    });
}
