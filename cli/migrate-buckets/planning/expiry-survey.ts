import { GetObjectTaggingCommand, type S3Client } from '@aws-sdk/client-s3';
import type { Expiry } from '../../../contracts/migrate-buckets/plan';
import { saying } from '../../shared/aws/explain';
import { failureOf, isGone } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import { Pool } from '../../shared/pool';
import { UserError } from '../../shared/user-error';
import { readLifecycle } from '../freeze/bucket-configuration';
import type { Lifecycle } from '../freeze/suspended-rules';
import type { ListedObject, Located } from '../listing/listed-object';
import { type ExpiringRule, expiringRules, hasTags, mayExpire } from './expiring-rules';

/** Objects whose tags are read at a time. */
const AT_A_TIME = 32;

/** Where an object is to lie at the destination, or lies. */
interface Placed extends Pick<ListedObject, 'key' | 'size'> {
  /** What has its tags by now. */
  readonly tagged: Located;
  /** Names of the tags that it does not take along. @default - it has them all */
  readonly withoutTags?: readonly string[] | undefined;
}

/**
 * Counts which objects the destination's own lifecycle would delete: all of them are held against its rules, and only
 * where a rule asks for tags are those read. Read-only.
 */
export class ExpirySurvey {
  private readonly pool = new Pool(AT_A_TIME);
  private readonly found: { readonly rule: ExpiringRule; objects: number; bytes: number; example: string }[];

  private constructor(
    private readonly s3: S3Client,
    lifecycle: Lifecycle | null,
    private readonly unread: string | undefined,
  ) {
    this.found = expiringRules(lifecycle).map((rule) => ({ rule, objects: 0, bytes: 0, example: '' }));
  }

  /** Reads the lifecycle of the destination as it is now. */
  static async of(s3: S3Client, bucket: string, signal: AbortSignal): Promise<ExpirySurvey> {
    try {
      return new ExpirySurvey(s3, await readLifecycle({ s3, bucket, signal }), undefined);
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
      return new ExpirySurvey(s3, null, error.message);
    }
  }

  async offer({ key, size, tagged, withoutTags = [] }: Placed): Promise<void> {
    const matching = this.found.filter(({ rule }) => mayExpire(rule, { key, size }));
    if (matching.length === 0) return;
    const asks = matching.some(({ rule }) => rule.tags.length > 0);
    await this.pool.add(async () => {
      const tags = asks ? await this.tagsOf(tagged) : new Map<string, string>();
      for (const name of withoutTags) tags.delete(name);
      for (const each of matching) {
        if (!hasTags(each.rule, tags)) continue;
        if (each.objects++ === 0) each.example = key;
        each.bytes += size;
      }
    });
  }

  async finish(): Promise<Expiry> {
    await this.pool.finish();
    return {
      rules: this.found
        .filter(({ objects }) => objects > 0)
        .map(({ rule, ...counted }) => ({ id: rule.id, what: whatOf(rule), ...counted })),
      unread: this.unread ?? null,
    };
  }

  private tagsOf({ bucket, object: { key } }: Located): Promise<Map<string, string>> {
    return saying(`read the tags of ${key} in ${bucket}`, bucket, async () => {
      try {
        const { TagSet = [] } = await patiently(() =>
          this.s3.send(new GetObjectTaggingCommand({ Bucket: bucket, Key: key })),
        );
        return new Map(TagSet.map(({ Key = '', Value = '' }) => [Key, Value]));
      } catch (error) {
        // What is gone by now is not said to expire: that it is gone is for others to see.
        if (isGone(failureOf(error))) return new Map();
        throw error;
      }
    });
  }
}

function whatOf({ prefix, tags, larger, smaller, when }: ExpiringRule): string {
  const which = [
    prefix === '' ? 'objects' : `objects below ${prefix}`,
    ...(tags.length === 0 ? [] : [`tagged ${tags.map(([name, value]) => `${name}=${value}`).join(' and ')}`]),
    ...(larger < 0 ? [] : [`larger than ${larger} bytes`]),
    ...(smaller === Number.POSITIVE_INFINITY ? [] : [`smaller than ${smaller} bytes`]),
  ];
  return `${which.join(', ')}, ${when}`;
}
