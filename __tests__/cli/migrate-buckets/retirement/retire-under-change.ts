import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Fault } from 'local-aws';
import { readVersions, type VersionRecord } from '../../../../cli/migrate-buckets/plan-files/version-record';
import type { PlanRetirement } from '../../../../cli/migrate-buckets/retirement/gates-evaluation';
import { retirePlan } from '../../../../cli/migrate-buckets/retirement/retire-plan';
import type { Aws } from '../../../../cli/shared/aws/clients';
import { UserError } from '../../../../cli/shared/user-error';
import type { EmbeddedS3 } from '../../../support/embedded-s3';
import { intercepted } from '../../../support/intercepted-client';
import { seededRandom } from '../../../support/seeded-random';
import type { VerifiedSource } from './verified-source';

/** What one run came to. */
export interface RunUnderChange {
  /** Null when it ended by a sentence that refuses. */
  readonly retirement: PlanRetirement | null;
  /** Faults that really hit a request. */
  readonly hits: number;
  /** Deleted though the destination did not hold it at that moment, or though it was never verified. */
  readonly unproven: readonly string[];
}

/** So few that each run sees many pages and batches. */
const PAGE = 3;
const KEYS = Array.from({ length: 11 }, (_, index) => `lines/delta/run-${index}/delta.tar.gz`);
const CONTROL = 'control\u0001';
const READS = ['ListObjectVersions', 'ListObjectsV2', 'ListMultipartUploads', 'GetBucketVersioning'];
const DELETIONS = ['DeleteObjects', 'DeleteObject'];

/**
 * Retires a bucket while somebody changes both: at the prompt, between pages, between batches, by a seed. At the
 * deletion itself only the source changes: whatever goes from the destination in that very request, nobody can see.
 */
export async function retireUnderChange(
  embedded: EmbeddedS3,
  clients: Pick<Aws, 'lambda' | 'stepFunctions'>,
  prepare: (options: { versioned: boolean; owner: string }) => Promise<VerifiedSource>,
  seed: number,
): Promise<RunUnderChange> {
  const random = seededRandom(seed);
  const setting = await prepare({ versioned: random.chance(0.5), owner: '000000000000' });
  const { source, destination, files } = setting;
  for (const key of [...KEYS, CONTROL]) {
    if (random.chance(0.2)) await embedded.put(source, key, `older ${key}`);
    await embedded.put(source, key, `body of ${key}`);
  }
  await setting.migrate();

  const change = () => {
    const bucket = random.pick([source, destination]);
    const key = random.pick([...KEYS, CONTROL]);
    const mutate = random.chance(0.5)
      ? { put: { bucket, key, body: `changed ${random.below(1000)}` } }
      : { delete: { bucket, key } };
    return { bucket, mutate };
  };
  const faults = Array.from({ length: 1 + random.below(4) }, (): Fault => {
    const { bucket, mutate } = change();
    const operation = random.pick(bucket === source ? [...READS, ...DELETIONS] : READS);
    return { operation, mutate, nth: 1 + random.below(operation === 'ListObjectVersions' ? 60 : 6) };
  });
  if (random.chance(0.4)) {
    const gone = { delete: { bucket: destination, key: random.pick(KEYS) } };
    // What is not done may be repeated, and then the destination is another.
    const broken = random.pick<Partial<Fault>>([
      { fail: 'SlowDown', mutate: gone },
      { reset: 'before', mutate: gone },
      { reset: 'after' },
    ]);
    faults.push({ operation: random.pick(DELETIONS), nth: 1 + random.below(4), ...broken });
  }
  const atThePrompt = random.chance(0.3) ? change().mutate : undefined;

  const verified = new Map<string, VersionRecord[]>();
  for await (const record of readVersions(files.versions)) {
    verified.set(record.key, [...(verified.get(record.key) ?? []), record]);
  }
  const unproven: string[] = [];
  const s3 = intercepted(embedded.s3, async (command, send) => {
    const kind = command.constructor.name;
    if (kind === 'ListObjectVersionsCommand' || kind === 'ListObjectsV2Command') {
      Object.assign(command.input, { MaxKeys: PAGE });
    }
    if (kind !== 'DeleteObjectsCommand' && kind !== 'DeleteObjectCommand') return send();
    const targets = targetsOf(command.input);
    const before = await Promise.all(targets.map((each) => etagOf(embedded.s3, source, each)));
    const twins = () => Promise.all(targets.map(({ Key }) => etagOf(embedded.s3, destination, { Key })));
    const there = await twins();
    try {
      return await send();
    } finally {
      const after = await Promise.all(targets.map((each) => etagOf(embedded.s3, source, each)));
      const thereAfter = await twins();
      for (const [index, { Key }] of targets.entries()) {
        if (before[index] === undefined || after[index] !== undefined) continue;
        const records = verified.get(Key) ?? [];
        const current = records.find(({ latest }) => latest);
        const wasVerified = records.some(({ etag }) => etag === before[index]);
        const held = [there[index], thereAfter[index]].every((etag) => etag === current?.etag);
        if (!wasVerified || !held) unproven.push(Key);
      }
    }
  }) as S3Client;

  await embedded.admin.inject(...faults);
  const retirement = await retirePlan(
    {
      aws: { ...clients, s3, options: {} } as Aws,
      report: { tell() {}, progress() {} },
      signal: new AbortController().signal,
      ask: undefined,
    },
    {
      path: files.plan,
      mode: random.pick(['empty-keep', 'delete']),
      purge: random.chance(0.7),
      soak: 0,
      statePaths: [],
      losses: new Set(),
      overrides: ['state', 'in-use'],
      dryRun: false,
      show() {},
      confirm: async () => {
        // The first request after the prompt carries the change of this moment: the gates ask for the owner.
        if (atThePrompt !== undefined) {
          await embedded.admin.inject({ operation: 'HeadBucket', mutate: atThePrompt });
        }
      },
    },
  ).catch((error: unknown) => {
    if (error instanceof UserError) return null;
    throw error;
  });
  const hits = (await embedded.admin.faults()).reduce((sum, { fired }) => sum + fired, 0);
  await embedded.admin.clearFaults();
  return { retirement, hits, unproven };
}

interface Target {
  readonly Key: string;
  readonly VersionId?: string | undefined;
}

const targetsOf = (input: unknown): Target[] => {
  const { Delete, Key, VersionId } = input as Partial<Target> & { Delete?: { Objects: Target[] } };
  return (Delete?.Objects ?? [{ Key: Key ?? '', VersionId }]).map((each) => ({
    Key: each.Key,
    VersionId: each.VersionId,
  }));
};

/** By a request that no fault picks. */
const etagOf = (s3: S3Client, bucket: string, target: Target): Promise<string | undefined> =>
  s3.send(new HeadObjectCommand({ Bucket: bucket, ...target })).then(
    ({ ETag }) => ETag?.replaceAll('"', ''),
    () => undefined,
  );
