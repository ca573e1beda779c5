import { GetBucketTaggingCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { archiveOf } from '../../../contracts/bucket-layout';
import { isProvenMarkKey, provenMarkKey } from '../../../contracts/migrate-buckets/own-objects';
import type { Plan } from '../../../contracts/migrate-buckets/plan';
import { type ProvenMark, provenMarkSchema } from '../../../contracts/migrate-buckets/proven-mark';
import { saying } from '../../shared/aws/explain';
import { failureOf, isPreconditionFailed, unless } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';
import type { Context } from '../../shared/command';
import { parseJson } from '../../shared/parse-json';
import { UserError } from '../../shared/user-error';
import { readText } from '../aws/read-object';
import { AGREEING_READS } from '../freeze/bucket-configuration';
import { userAtHost } from '../freeze/freeze-mark';
import { currentObjects, listOwnVersions } from '../listing/list-versions';
import type { ListedObject } from '../listing/listed-object';
import { Placement } from '../listing/placement';

/** The tag of a bucket whose retirement has begun: the plan by which. One that is made anew has it not. */
export const RETIRING_TAG = 'migrate-buckets-retiring';

/** A mark, and when it was left, by the destination's clock. */
export interface KeptMark {
  readonly mark: ProvenMark;
  /** Milliseconds since 1970. */
  readonly at: number;
}

/** The plan that asks; its digest is null before it is made. */
interface Asking {
  readonly source: string;
  readonly digest: string | null;
}

/**
 * What plans proved at a destination before they began to delete it from their sources: it may be the only copy since,
 * so that nobody may overwrite it, whatever its own source holds.
 */
export class ProvenMarks {
  private readonly retiring = new Map<string, Promise<string | undefined>>();

  private constructor(
    private readonly s3: S3Client,
    private readonly marks: readonly KeptMark[],
  ) {}

  /** @throws {UserError} when one cannot be read: then nobody knows what must stay. */
  static async read({ aws: { s3 }, signal }: Pick<Context, 'aws' | 'signal'>, destination: string) {
    const marks: KeptMark[] = [];
    for await (const object of currentObjects(listOwnVersions(s3, destination, signal))) {
      if (!isProvenMarkKey(object.key)) continue;
      const mark = provenMarkSchema.safeParse(parseJson(await readText(s3, destination, object)));
      if (!mark.success) {
        throw new UserError(
          `${object.key} in ${destination} tells what an earlier migration proved there, and cannot be read by this release. Use the one that wrote it, or a newer one.`,
        );
      }
      marks.push({ mark: mark.data, at: object.modified });
    }
    return new ProvenMarks(s3, marks);
  }

  /** By which another plan proved an object that lies at the destination; undefined where none did. */
  async of(object: Pick<ListedObject, 'key' | 'modified'>, asking: Asking): Promise<KeptMark | undefined> {
    for (const each of this.marks) {
      if (
        each.mark.plan_digest !== asking.digest &&
        proves(each, object) &&
        !(await this.goesOn(each, asking))
      )
        return each;
    }
    return undefined;
  }

  /** Whether the plan that asks takes on the very bucket whose retirement the other began, and did not end. */
  private async goesOn({ mark }: KeptMark, { source }: Asking): Promise<boolean> {
    if (mark.source !== source) return false;
    const known = this.retiring.get(source) ?? retiringBy(this.s3, source);
    this.retiring.set(source, known);
    return (await known) === mark.plan_digest;
  }
}

/** Whether an object lay, when the mark was left, where the plan's objects belong. Pure. */
export function proves(
  { mark: { source, placement, archives }, at }: KeptMark,
  { key, modified }: Pick<ListedObject, 'key' | 'modified'>,
): boolean {
  if (modified > at) return false;
  const archive = archiveOf(key);
  if (archive !== undefined) return archives.includes(archive);
  return new Placement(source, placement).keyOf(key) === key;
}

/** For people: why what another plan proved is not overwritten, and the way out. */
export const whyKept = ({ mark, at }: KeptMark, source: string): string =>
  `The plan ${mark.plan} (${mark.plan_digest.slice(0, 12)}) of ${mark.by} proved that there for ${mark.source} before ${new Date(at).toISOString()}, and began to delete it from there: it may be the only copy, so it is never overwritten. Keep ${source} in another folder: plan --archive ${source} --archive-as NAME.`;

/** A tag reaches some of a bucket's readers late, and one read that lacks it proves nothing: only so many do. */
async function retiringBy(s3: S3Client, bucket: string): Promise<string | undefined> {
  return saying(`read the tags of ${bucket}`, bucket, async () => {
    for (let reads = 0; reads < AGREEING_READS; reads++) {
      const { TagSet = [] } = await patiently(() =>
        s3.send(new GetBucketTaggingCommand({ Bucket: bucket })),
      ).catch(unless('NoSuchTagSet', { TagSet: [] }));
      const told = TagSet.find(({ Key }) => Key === RETIRING_TAG)?.Value;
      if (told !== undefined) return told;
    }
    return undefined;
  });
}

/** Leaves the mark of a plan, before anything of its source is deleted: once, so that its time stays. */
export async function leaveProvenMark(
  s3: S3Client,
  { source, destination, digest, placement }: Plan,
  { plan, archives }: Pick<ProvenMark, 'plan' | 'archives'>,
): Promise<void> {
  const Key = provenMarkKey(source, digest);
  const by = userAtHost();
  const mark: ProvenMark = { version: 1, source, plan, plan_digest: digest, by, placement, archives };
  await saying(`keep ${Key} in ${destination}`, destination, async () => {
    try {
      await patiently(() =>
        s3.send(
          new PutObjectCommand({
            Bucket: destination,
            Key,
            Body: `${JSON.stringify(mark, null, 2)}\n`,
            ContentType: 'application/json',
            IfNoneMatch: '*',
          }),
        ),
      );
    } catch (error) {
      if (!isPreconditionFailed(failureOf(error))) throw error;
    }
  });
}
