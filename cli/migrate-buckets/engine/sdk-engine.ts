import {
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  PutObjectTaggingCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { explain, saying } from '../../shared/aws/explain';
import { areCredentialsRefused, failureOf, isMissing, isPreconditionFailed } from '../../shared/aws/failure';
import { Pace } from '../../shared/aws/pace';
import { etagOf } from '../aws/read-object';
import { listObjects } from '../listing/list';
import { bareEtag, partsOfEtag, quotedEtag } from '../listing/listed-object';
import { copiedTags, taggingOf } from './copied-tags';
import { abortUpload, copyInParts } from './copy-in-parts';
import { copySource } from './copy-source';
import { type CopyEngine, CopyError, type CopyRequest, type CopyResult } from './engine';

/** 5 GiB: the most that one CopyObject takes. */
const COPY_LIMIT = 5 * 1024 ** 3;

export interface SdkEngineOptions {
  readonly signal: AbortSignal;
  /** Objects larger than this are copied in parts. @default 5 GiB, S3's own limit */
  readonly multipartAbove?: number | undefined;
  /** Bytes of a part where the original cut is unknown. @default 64 MiB */
  readonly partSize?: number;
  /** The most copies in flight. @default 64 */
  readonly concurrency?: number;
}

/** The engine on the AWS SDK's own client. */
export class SdkEngine implements CopyEngine {
  readonly pace: Pace;
  private readonly listing = new Pace();
  /** Why no copy is begun any more. */
  private stopped: unknown;

  constructor(
    private readonly s3: S3Client,
    private readonly options: SdkEngineOptions,
  ) {
    this.pace = new Pace({ maximum: options.concurrency ?? 64 });
  }

  list(bucket: string, prefix?: string) {
    return listObjects(this.s3, bucket, this.listing, this.options.signal, prefix);
  }

  async copy(request: CopyRequest): Promise<CopyResult> {
    await this.pace.enter();
    try {
      if (this.stopped !== undefined) throw this.stopped;
      return await (this.needsParts(request)
        ? copyInParts(this.partsContext(), request)
        : this.copyWhole(request));
    } catch (error) {
      if (this.options.signal.aborted) throw error;
      return await this.explainCopy(request, error);
    } finally {
      this.pace.leave();
    }
  }

  async probe(request: CopyRequest, parts: boolean): Promise<CopyResult> {
    const { source, destination, object, key } = request;
    const send = <T>(work: () => Promise<T>) => this.pace.send(work, this.options.signal);
    const result = await this.copy(request);
    // A copy needs the tagging permissions only where the object has tags: asked for here, not found out later.
    const { tags: TagSet } = await saying(`read the tags of ${object.key} in ${source}`, source, () =>
      send(() => copiedTags(this.s3, request)),
    );
    // An empty set need not be written, and some servers fail at one.
    if (TagSet.length > 0) {
      await saying(`write the tags of ${key} in ${destination}`, destination, () =>
        send(() =>
          this.s3.send(new PutObjectTaggingCommand({ Bucket: destination, Key: key, Tagging: { TagSet } })),
        ),
      );
    }
    if (parts) {
      const { UploadId } = await saying(`begin an upload in parts in ${destination}`, destination, () =>
        send(() => this.s3.send(new CreateMultipartUploadCommand({ Bucket: destination, Key: key }))),
      );
      await abortUpload(this.s3, destination, key, UploadId);
    }
    return result;
  }

  private needsParts({ object }: CopyRequest): boolean {
    return (
      object.size > (this.options.multipartAbove ?? COPY_LIMIT) || partsOfEtag(object.etag) !== undefined
    );
  }

  private partsContext() {
    const { signal, partSize = 64 * 1024 * 1024 } = this.options;
    return { s3: this.s3, pace: this.pace, signal, partSize };
  }

  private async copyWhole(request: CopyRequest): Promise<CopyResult> {
    const { source, destination, object, key, expected } = request;
    const tagging = await this.taggingFor(request);
    const copied = await this.pace.send(
      () =>
        this.s3.send(
          new CopyObjectCommand({
            Bucket: destination,
            Key: key,
            CopySource: copySource(source, object.key),
            CopySourceIfMatch: quotedEtag(object.etag),
            StorageClass: object.storageClass as 'STANDARD',
            MetadataDirective: 'COPY',
            ...tagging,
            ...(expected === 'absent' ? { IfNoneMatch: '*' } : { IfMatch: quotedEtag(expected) }),
          }),
          { abortSignal: this.options.signal },
        ),
      this.options.signal,
    );
    const etag = copied.CopyObjectResult?.ETag;
    if (etag === undefined) throw new Error(`S3 gave no ETag for the copy of ${object.key}.`);
    return { etag: bareEtag(etag) };
  }

  private async taggingFor(request: CopyRequest) {
    // Only where some are not wanted need they be read.
    if (request.withoutTags === undefined) return { TaggingDirective: 'COPY' } as const;
    const { tags, fewer } = await this.pace.send(() => copiedTags(this.s3, request), this.options.signal);
    if (!fewer) return { TaggingDirective: 'COPY' } as const;
    return { TaggingDirective: 'REPLACE', Tagging: taggingOf(tags) } as const;
  }

  /**
   * A failed precondition does not tell which side it was, and a request that was sent twice may have
   * succeeded the first time. So both sides are looked at before anyone is blamed.
   */
  private async explainCopy(request: CopyRequest, error: unknown): Promise<CopyResult> {
    const { source, destination, object, key } = request;
    const failure = failureOf(error);
    const fail = (reason: CopyError['reason'], message: string) => new CopyError(object.key, reason, message);
    // 405 alone may also be the answer of a server that has no tags.
    const isHidden = failure.status === 405 && (await this.etagOf(source, object.key)) === undefined;
    if (!isPreconditionFailed(failure) && !isMissing(failure) && !isHidden) {
      const told = explain(error, `copy ${object.key} from ${source} to ${destination}`, destination);
      if (areCredentialsRefused(failure)) {
        // It concerns every other object as well, and those that wait already.
        this.stopped = told;
        throw told;
      }
      throw told === error ? error : fail('failed', told instanceof Error ? told.message : String(told));
    }
    const [at, from] = await Promise.all([this.etagOf(destination, key), this.etagOf(source, object.key)]);
    if (from === undefined) throw fail('source-gone', `${object.key} was deleted from ${source} meanwhile.`);
    if (from !== object.etag) {
      throw fail('source-changed', `${object.key} was changed in ${source} while it was copied.`);
    }
    if (at === object.etag) return { etag: at };
    if (at === undefined) {
      throw fail('destination-gone', `${key} was deleted from ${destination} meanwhile.`);
    }
    throw fail(
      'destination-differs',
      `${key} in ${destination} holds something else than the plan expects. Nothing was overwritten. Plan again.`,
    );
  }

  private etagOf(bucket: string, key: string): Promise<string | undefined> {
    const { signal } = this.options;
    return saying(`look at ${key} in ${bucket}`, bucket, () =>
      this.pace.send(() => etagOf(this.s3, bucket, key, signal), signal),
    );
  }
}
