import { GetObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { type LockHolder, type LockObject, lockObjectSchema } from '../../../contracts/migrate-buckets/lock';
import { lockObjectKey } from '../../../contracts/migrate-buckets/own-objects';
import { saying } from '../../shared/aws/explain';
import { failureOf, isMissing, isPreconditionFailed } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { parseJson } from '../../shared/parse-json';
import type { Held } from './file-lock';
import { isGone, LostLock, refusal } from './holder';

/** Where a migration is locked against operators on other machines. */
export interface LockPlace {
  readonly s3: S3Client;
  readonly source: string;
  readonly destination: string;
}

export interface SeenLock {
  readonly etag: string;
  /** Undefined when the object is not a lock. */
  readonly lock: LockObject | undefined;
  /** Milliseconds since it was written, by the server's own clock: those of two operators may differ. */
  readonly age: number;
}

/** A lock, and whether the server refuses whoever is second. */
export interface HeldObject extends Held {
  readonly conditional: boolean;
}

const TRIES = 5;

/**
 * Takes the lock of a migration at its destination: an object that is written only where there is none, or over the
 * very one that was seen to be left behind.
 *
 * @param breakLock - the host whose lock counts as left behind, whatever its age.
 * @throws {UserError} exit 6 when another operator works on the migration.
 */
export async function takeObjectLock(
  place: LockPlace,
  holder: LockHolder,
  breakLock?: string,
): Promise<HeldObject> {
  const { source, destination } = place;
  for (let attempt = 1; ; attempt++) {
    const seen = await readLock(place);
    const owner = seen?.lock?.holder;
    if (seen !== undefined && owner?.token !== holder.token) {
      const broken = breakLock !== undefined && owner?.host === breakLock;
      const free = seen.lock?.released === true || broken || (await isGone(owner, seen.age));
      if (!free || attempt > TRIES) {
        throw await refusal(`the migration of ${source} to ${destination}`, owner, seen.age);
      }
    }
    const written = await write(place, { version: 1, holder, released: false }, seen?.etag);
    if (written !== undefined) return hold(place, holder, written);
  }
}

/** The lock that lies at the destination, or undefined where there is none. */
export async function readLock({ s3, source, destination }: LockPlace): Promise<SeenLock | undefined> {
  const key = lockObjectKey(source);
  const command = new GetObjectCommand({ Bucket: destination, Key: key });
  let answered = Date.now();
  command.middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { headers } = result.response as { headers?: Record<string, string> };
      answered = Date.parse(headers?.date ?? '') || answered;
      return result;
    },
    { step: 'deserialize', name: 'serverClock' },
  );
  return saying(`read the lock ${key} in ${destination}`, destination, async () => {
    try {
      const { Body, ETag = '', LastModified } = await patiently(() => s3.send(command));
      const lock = lockObjectSchema.safeParse(parseJson((await Body?.transformToString()) ?? ''));
      return { etag: ETag, lock: lock.data, age: answered - (LastModified?.getTime() ?? answered) };
    } catch (error) {
      const failure = failureOf(error);
      if (isMissing(failure) && failure.code !== 'NoSuchBucket') return undefined;
      throw error;
    }
  });
}

/** The new ETag, or undefined when somebody was quicker. `seen` is the ETag that may be overwritten. */
async function write(
  { s3, source, destination }: LockPlace,
  lock: LockObject,
  seen: string | undefined,
): Promise<string | undefined> {
  const key = lockObjectKey(source);
  return saying(`write the lock ${key} in ${destination}`, destination, async () => {
    try {
      const put = () =>
        s3.send(
          new PutObjectCommand({
            Bucket: destination,
            Key: key,
            Body: `${JSON.stringify(lock, null, 2)}\n`,
            ContentType: 'application/json',
            ...(seen === undefined ? { IfNoneMatch: '*' } : { IfMatch: seen }),
          }),
        );
      return (await patiently(put)).ETag ?? '';
    } catch (error) {
      const failure = failureOf(error);
      // 404: a delete came between the reading and the writing over it.
      if (isPreconditionFailed(failure) || failure.code === 'NoSuchKey') return undefined;
      throw error;
    }
  });
}

async function hold(place: LockPlace, holder: LockHolder, written: string): Promise<HeldObject> {
  const lock = { version: 1, holder, released: false } as const;
  let etag = written;
  // Where this is not refused, a second operator's taking would not have been either.
  const second = await write(place, lock, undefined);
  if (second !== undefined) etag = second;
  const rewrite = async (changed: LockObject) => {
    for (;;) {
      const next = await write(place, changed, etag);
      if (next !== undefined) {
        etag = next;
        return;
      }
      // Perhaps it was our own write, whose answer got lost, or that of the renewal before.
      const seen = await readLock(place);
      if (seen?.lock?.holder.token !== holder.token) throw new LostLock(seen?.lock?.holder);
      etag = seen.etag;
    }
  };
  return {
    conditional: second === undefined,
    renew: () => rewrite(lock),
    release: () => rewrite({ ...lock, released: true }).catch(() => undefined),
  };
}
