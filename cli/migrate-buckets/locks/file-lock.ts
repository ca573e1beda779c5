import { open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { type LockHolder, lockHolderSchema } from '../../../contracts/migrate-buckets/lock';
import { parseJson } from '../../shared/parse-json';
import { writing } from '../plan-files/writing';
import { isGone, LostLock, refusal } from './holder';

/** Something held until it is released. */
export interface Held {
  /** Shows a sign of life. @throws {LostLock} when somebody took it over. */
  renew(): Promise<void>;
  /** Gives it back. Never throws: what cannot be given back ends by itself. */
  release(): Promise<void>;
}

interface Seen {
  readonly text: string;
  readonly modified: number;
  readonly holder: LockHolder | undefined;
}

/** Who ever tries so often to take a lock that others take and release is no longer unlucky. */
const TRIES = 10;

/**
 * Takes the lock beside a plan. One whose process is gone (`kill -9`, a restarted container) is taken over; it is
 * removed only by who holds the lock of that removal, so that of two takers one wins.
 *
 * @param breakLock - the host whose lock counts as left behind, whatever its age.
 * @throws {UserError} exit 6 when another process works on the plan, 1 or 2 when the lock cannot be written.
 */
export async function takeFileLock(path: string, holder: LockHolder, breakLock?: string): Promise<Held> {
  for (let attempt = 1; !(await create(path, holder)); attempt++) {
    const seen = await read(path);
    if (seen === undefined) continue;
    const age = Date.now() - seen.modified;
    const broken = breakLock !== undefined && seen.holder?.host === breakLock;
    const stale = broken || (await isGone(seen.holder, age));
    if (!stale || attempt >= TRIES) throw await refusal('this plan', seen.holder, age);
    const removal = await takeFileLock(`${path}.takeover`, holder);
    const now = await read(path);
    if (now?.text === seen.text && now.modified === seen.modified) await rm(path, { force: true });
    await removal.release();
  }
  const mine = async () => (await read(path))?.holder;
  return {
    async renew() {
      const found = await mine();
      if (found?.token !== holder.token) throw new LostLock(found);
      const now = new Date();
      await utimes(path, now, now);
    },
    async release() {
      const found = await mine().catch(() => undefined);
      if (found?.token === holder.token) await rm(path, { force: true }).catch(() => undefined);
    },
  };
}

/** False when there is one already. A lock that cannot be written whole leaves nothing behind. */
async function create(path: string, holder: LockHolder): Promise<boolean> {
  return writing(path, async () => {
    const file = await open(path, 'wx').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return undefined;
      throw error;
    });
    if (file === undefined) return false;
    try {
      await file.writeFile(`${JSON.stringify(holder, null, 2)}\n`);
      await file.sync();
    } catch (error) {
      await rm(path, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    return true;
  });
}

/** Undefined when there is none; without a holder when it is empty or half written. */
async function read(path: string): Promise<Seen | undefined> {
  return writing(path, async () => {
    try {
      const [text, { mtimeMs }] = await Promise.all([readFile(path, 'utf8'), stat(path)]);
      const holder = lockHolderSchema.safeParse(parseJson(text));
      return { text, modified: mtimeMs, holder: holder.data };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  });
}
