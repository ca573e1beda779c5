import { randomUUID } from 'node:crypto';
import {
  DeleteObjectCommand,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { isOwnKey, PROBE_PREFIX } from '../../../contracts/migrate-buckets/own-objects';
import { failureOf } from '../../shared/aws/failure';
import { Pace } from '../../shared/aws/pace';
import type { Versioning } from '../aws/bucket';
import { etagOf } from '../aws/read-object';
import { bareEtag } from '../listing/listed-object';
import { PageOrder } from '../listing/page-order';

/** Milliseconds after which what lies in another's place was left behind by a crash: a doctor takes seconds. */
const LEFT_BEHIND = 3_600_000;

interface Found {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly modified: number;
}

/** Behind which a listing goes on. */
interface Marker {
  readonly ContinuationToken?: string;
  readonly KeyMarker?: string;
  readonly VersionIdMarker?: string | undefined;
}

interface Page {
  readonly found: readonly Found[];
  readonly isTruncated: boolean | undefined;
  readonly next: Marker | undefined;
}

const foundAs = (
  { Key = '', LastModified }: { readonly Key?: string | undefined; readonly LastModified?: Date | undefined },
  versionId: string | undefined,
): Found => ({ key: Key, versionId, modified: LastModified?.getTime() ?? 0 });

/** Keys of our own in a bucket, where everything may be tried: nobody else's object is ever touched. */
export class ProbePlace {
  readonly prefix = `${PROBE_PREFIX}${randomUUID()}/`;
  private readonly pace = new Pace();

  constructor(
    readonly s3: S3Client,
    readonly bucket: string,
    private readonly versioning: Versioning,
    private readonly signal: AbortSignal,
  ) {}

  key(name: string): string {
    return `${this.prefix}${name}`;
  }

  /** Sends a request, again if it failed for a passing reason. */
  send<T>(request: () => Promise<T>): Promise<T> {
    return this.pace.send(request, this.signal);
  }

  /** The same after Ctrl-C, too: what was changed must be put back. */
  sendAnyway<T>(request: () => Promise<T>): Promise<T> {
    return this.pace.send(request, new AbortController().signal);
  }

  /** Has another principal store an object. @returns the code of the refusal; undefined when it may. */
  async putAs(other: S3Client, name: string): Promise<string | undefined> {
    const command = new PutObjectCommand({
      Bucket: this.bucket,
      Key: this.key(name),
      Body: Buffer.from(name),
    });
    try {
      await this.send(() => other.send(command));
      return undefined;
    } catch (error) {
      const failure = failureOf(error);
      if (failure.status === 0) throw error;
      return failure.code;
    }
  }

  /** Stores an object, and gives its ETag. */
  async put(name: string, more: Partial<PutObjectCommandInput> = {}): Promise<string> {
    const { ETag = '' } = await this.send(() =>
      this.s3.send(
        new PutObjectCommand({ Bucket: this.bucket, Key: this.key(name), Body: Buffer.from(name), ...more }),
      ),
    );
    return bareEtag(ETag);
  }

  /** The ETag that this bucket has under a key; undefined where it has none. */
  etagOf(key: string): Promise<string | undefined> {
    return this.send(() => etagOf(this.s3, this.bucket, key, this.signal));
  }

  /**
   * Removes everything that was put here, by version id where versions are kept, and what a crashed run left
   * elsewhere. Goes on after Ctrl-C.
   *
   * @returns why something is left: one sentence, or none.
   */
  async clear(): Promise<string[]> {
    try {
      const found = await this.list();
      const newest = Math.max(...found.map(({ modified }) => modified));
      for (const { key, versionId, modified } of found) {
        const isLeftBehind = isOwnKey(key) && modified <= newest - LEFT_BEHIND;
        if (!key.startsWith(this.prefix) && !isLeftBehind) continue;
        const command = new DeleteObjectCommand({ Bucket: this.bucket, Key: key, VersionId: versionId });
        await this.sendAnyway(() => this.s3.send(command));
      }
      return [];
    } catch (error) {
      const { code } = failureOf(error);
      return [
        `What was put under ${this.prefix} in ${this.bucket} could not be removed (${code}). Remove it by hand.`,
      ];
    }
  }

  /** All pages: what crashed runs, and other people, left there comes before it and after it. */
  private async list(): Promise<Found[]> {
    const order = new PageOrder(`what lies below ${PROBE_PREFIX} in ${this.bucket}`, true);
    const found: Found[] = [];
    let marker: Marker | undefined = {};
    while (marker !== undefined) {
      const page: Page = await this.page(marker);
      found.push(...page.found);
      // A server that does not say whether there is more: that is told of it elsewhere.
      if (page.isTruncated !== true && page.next === undefined) break;
      const at = page.next === undefined ? undefined : JSON.stringify(page.next);
      marker = order.next(page.isTruncated, at) === undefined ? undefined : page.next;
    }
    return found;
  }

  private async page(marker: Marker): Promise<Page> {
    const where = { Bucket: this.bucket, Prefix: PROBE_PREFIX, ...marker };
    if (this.versioning === 'off') {
      const page = await this.sendAnyway(() => this.s3.send(new ListObjectsV2Command(where)));
      const { Contents = [], NextContinuationToken: token } = page;
      return {
        found: Contents.map((each) => foundAs(each, undefined)),
        isTruncated: page.IsTruncated,
        next: token === undefined ? undefined : { ContinuationToken: token },
      };
    }
    const page = await this.sendAnyway(() => this.s3.send(new ListObjectVersionsCommand(where)));
    const { Versions = [], DeleteMarkers = [], NextKeyMarker: key, NextVersionIdMarker: id } = page;
    return {
      found: [...Versions, ...DeleteMarkers].map((each) => foundAs(each, each.VersionId)),
      isTruncated: page.IsTruncated,
      next: key === undefined ? undefined : { KeyMarker: key, VersionIdMarker: id },
    };
  }
}
