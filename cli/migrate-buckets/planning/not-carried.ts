import {
  GetBucketEncryptionCommand,
  GetBucketOwnershipControlsCommand,
  GetObjectLockConfigurationCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { NotCarried } from '../../../contracts/migrate-buckets/plan';
import { saying } from '../../shared/aws/explain';
import { failureOf, isMissing, isPreconditionFailed } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { Pool } from '../../shared/pool';
import { randomSeed, SAMPLE_SIZE, SeededSample } from '../../shared/seeded-sample';
import { type Located, quotedEtag } from '../listing/listed-object';

/** Objects that are asked at a time. */
const AT_A_TIME = 32;

/**
 * Counts what a copy leaves behind. What only the objects themselves show is asked of a sample of them, or of all.
 * Read-only.
 */
export class NotCarriedSurvey {
  private readonly seed = randomSeed();
  private readonly sample = new SeededSample<Located>(SAMPLE_SIZE, this.seed);
  private readonly counts = { kms_keys: 0, website_redirects: 0, object_locks: 0 };
  private readonly pool = new Pool(AT_A_TIME);
  private objects = 0;
  private examined = 0;

  /** @param deep - whether every object is asked, and not a sample. */
  constructor(
    private readonly s3: S3Client,
    private readonly deep: boolean,
  ) {}

  async offer(located: Located): Promise<void> {
    this.objects++;
    if (this.deep) await this.pool.add(() => this.examine(located));
    else this.sample.offer(located);
  }

  async finish(source: string): Promise<NotCarried> {
    for (const each of this.sample.items) await this.pool.add(() => this.examine(each));
    await this.pool.finish();
    return {
      objects: this.objects,
      examined: this.examined,
      seed: this.seed,
      ...this.counts,
      bucket: await bucketRemarks(this.s3, source),
    };
  }

  private async examine({ bucket, object: { key, etag } }: Located): Promise<void> {
    const request = { Bucket: bucket, Key: key, IfMatch: quotedEtag(etag) };
    const head = await saying(`read the properties of ${key} in ${bucket}`, bucket, () =>
      patiently(() => this.s3.send(new HeadObjectCommand(request))).catch((error: unknown) => {
        const failure = failureOf(error);
        // A source that is live: what the object became is for apply to see.
        if (isMissing(failure) || isPreconditionFailed(failure)) return undefined;
        throw error;
      }),
    );
    if (head === undefined) return;
    this.examined++;
    const found = notCarriedBy(head);
    for (const name of Object.keys(found) as (keyof typeof found)[]) if (found[name]) this.counts[name]++;
  }
}

/** Of an object, what its copy will lack. Pure. */
export const notCarriedBy = (
  head: Pick<
    HeadObjectCommandOutput,
    'SSEKMSKeyId' | 'WebsiteRedirectLocation' | 'ObjectLockMode' | 'ObjectLockLegalHoldStatus'
  >,
) => ({
  kms_keys: head.SSEKMSKeyId !== undefined,
  website_redirects: head.WebsiteRedirectLocation !== undefined,
  object_locks: head.ObjectLockMode !== undefined || head.ObjectLockLegalHoldStatus === 'ON',
});

/** What the bucket's own configuration tells, one sentence each. */
async function bucketRemarks(s3: S3Client, bucket: string): Promise<string[]> {
  const ask = async (
    what: string,
    request: () => Promise<string | undefined>,
    absent: string | undefined,
  ) => {
    try {
      return await patiently(request);
    } catch (error) {
      const failure = failureOf(error);
      if (isMissing(failure) && failure.code !== 'NoSuchBucket') return absent;
      return `Whether ${bucket} has ${what} was not checked (${failure.code}).`;
    }
  };
  const acl = `Access control lists of objects are not carried, and ${bucket} allows them: whoever read an object by its list needs another way.`;
  const found = await Promise.all([
    ask(
      'a default key',
      async () => {
        const { ServerSideEncryptionConfiguration: held } = await s3.send(
          new GetBucketEncryptionCommand({ Bucket: bucket }),
        );
        const [rule] = held?.Rules ?? [];
        const { SSEAlgorithm, KMSMasterKeyID } = rule?.ApplyServerSideEncryptionByDefault ?? {};
        return SSEAlgorithm?.startsWith('aws:kms') === true
          ? `${bucket} encrypts with ${KMSMasterKeyID ?? "KMS's own key for S3"}; copies are encrypted as the destination does it by default.`
          : undefined;
      },
      undefined,
    ),
    ask(
      'access control lists',
      async () => {
        const { OwnershipControls } = await s3.send(
          new GetBucketOwnershipControlsCommand({ Bucket: bucket }),
        );
        const [rule] = OwnershipControls?.Rules ?? [];
        return rule?.ObjectOwnership === 'BucketOwnerEnforced' ? undefined : acl;
      },
      acl,
    ),
    ask(
      'object lock',
      async () => {
        const { ObjectLockConfiguration: held } = await s3.send(
          new GetObjectLockConfigurationCommand({ Bucket: bucket }),
        );
        return held?.ObjectLockEnabled === 'Enabled'
          ? `${bucket} has object lock: retention and legal holds are not carried.`
          : undefined;
      },
      undefined,
    ),
  ]);
  return found.filter((sentence) => sentence !== undefined);
}
