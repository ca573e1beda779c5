import { HeadObjectCommand, RestoreObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { saying } from '../../shared/aws/explain';
import { failureOf } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { counted } from '../../shared/counted';
import { Pool } from '../../shared/pool';
import { type Located, quotedEtag } from '../listing/listed-object';
import { SomeKeys } from './some-keys';

/** How an archived object is restored. */
export interface RestoreWish {
  /** How long it can be read then. */
  readonly days: number;
  readonly tier: 'Bulk' | 'Standard' | 'Expedited';
}

const AT_A_TIME = 32;

/**
 * Asks of archived objects whether they can be read by now, and has those restored that cannot, where that is
 * wished. A listing does not tell: the storage class of a restored object stays what it was.
 */
export class ArchivedObjects {
  private readonly pool = new Pool(AT_A_TIME);
  private readonly unreadable = new SomeKeys();
  private readonly restoring = new SomeKeys();
  private readonly begun = new SomeKeys();

  constructor(
    private readonly s3: S3Client,
    private readonly wish: RestoreWish | undefined,
  ) {}

  offer(located: Located): Promise<void> {
    return this.pool.add(() => this.look(located));
  }

  /** Why a plan cannot be made yet, and what to do; undefined where every object can be read. */
  async finish(source: string): Promise<string | undefined> {
    await this.pool.finish();
    const { unreadable, begun, restoring } = this;
    const days =
      this.wish === undefined ? '' : ` They can be read for ${counted(this.wish.days, 'day')} then.`;
    const sentences = [
      ...(begun.count === 0 ? [] : [`The restore of ${begun} was asked for.${days}`]),
      ...(restoring.count === 0 ? [] : [`S3 is restoring ${restoring}.`]),
      ...(unreadable.count === 0
        ? []
        : [
            `${unreadable} of ${source} lie in an archive class, and cannot be read before they are restored. Run plan with --restore, which asks for that.`,
          ]),
      ...(begun.count + restoring.count === 0
        ? []
        : ['That takes up to 12 hours, and up to 48 by the tier Bulk. Plan again then.']),
    ];
    return sentences.length === 0 ? undefined : sentences.join(' ');
  }

  private async look({ bucket, object: { key, etag } }: Located): Promise<void> {
    const where = { Bucket: bucket, Key: key };
    const { Restore } = await saying(`read the properties of ${key} in ${bucket}`, bucket, () =>
      patiently(() => this.s3.send(new HeadObjectCommand({ ...where, IfMatch: quotedEtag(etag) }))),
    );
    if (isRestored(Restore, Date.now())) return;
    if (isInProgress(Restore)) this.restoring.add(key);
    else if (this.wish === undefined) this.unreadable.add(key);
    else await this.restore(where, this.wish);
  }

  private async restore(where: { Bucket: string; Key: string }, { days, tier }: RestoreWish): Promise<void> {
    const { Bucket, Key } = where;
    const RestoreRequest = { Days: days, GlacierJobParameters: { Tier: tier } };
    await saying(`restore ${Key} in ${Bucket}`, Bucket, async () => {
      try {
        await patiently(() => this.s3.send(new RestoreObjectCommand({ ...where, RestoreRequest })));
        this.begun.add(Key);
      } catch (error) {
        if (failureOf(error).code !== 'RestoreAlreadyInProgress') throw error;
        this.restoring.add(Key);
      }
    });
  }
}

/** By the header `x-amz-restore`: `ongoing-request="false", expiry-date="Fri, 21 Dec 2012 00:00:00 GMT"`. Pure. */
export function isRestored(restore: string | undefined, now: number): boolean {
  if (restore === undefined || !/ongoing-request="false"/.test(restore)) return false;
  const expiry = Date.parse(/expiry-date="([^"]+)"/.exec(restore)?.[1] ?? '');
  return Number.isNaN(expiry) || expiry > now;
}

export const isInProgress = (restore: string | undefined): boolean =>
  restore?.includes('ongoing-request="true"') === true;
