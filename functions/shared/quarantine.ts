import { MetricUnit } from '@aws-lambda-powertools/metrics';
import { CopyObjectCommand, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { FunctionName } from '../../contracts/functions';
import { METRICS } from '../../contracts/metrics';
import {
  type QuarantineKeys,
  type QuarantineReason,
  quarantinedMessageKeys,
  quarantinedObjectKeys,
} from '../../contracts/quarantine';
import type { Telemetry } from './logging';

/**
 * Thrown by code that finds that its input can never be understood, however often it is delivered. The
 * message is the reason that is kept with the input, so it never holds document text.
 */
export class UnreadableInput extends Error {
  override readonly name = 'UnreadableInput';
}

/** What was found unreadable: an S3 object as it was read, or a queue message. */
type Unreadable =
  | { readonly key: string; readonly etag: string }
  | { readonly messageId: string; readonly body: string };

/** Keeps unreadable input whole. Resolves only once both the input and its reason are stored. */
export type Quarantine = (unreadable: Unreadable, reason: string) => Promise<void>;

/**
 * Makes a function's quarantine in the shared bucket. Each use writes the content, then its reason, then one
 * structured log line and the metric `Quarantined`; it rejects when S3 does, so that the caller's message is
 * delivered again and nothing is acknowledged that was not kept.
 */
export function createQuarantine(
  s3: S3Client,
  bucket: string,
  quarantinedBy: FunctionName,
  { logger, metrics }: Telemetry,
): Quarantine {
  const keep = async (unreadable: Unreadable): Promise<[QuarantineKeys, QuarantineReason['source']]> => {
    if ('messageId' in unreadable) {
      const keys = quarantinedMessageKeys(quarantinedBy, unreadable.messageId);
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: keys.content, Body: unreadable.body }));
      return [keys, { message_id: unreadable.messageId }];
    }
    const { key, etag } = unreadable;
    const keys = quarantinedObjectKeys(key, etag);
    const CopySource = [bucket, ...key.split('/')].map(encodeURIComponent).join('/');
    await s3.send(
      new CopyObjectCommand({
        Bucket: bucket,
        Key: keys.content,
        CopySource,
        CopySourceIfMatch: etag,
        // The user's tags stay behind: copying them would need two more permissions.
        TaggingDirective: 'REPLACE',
      }),
    );
    return [keys, { bucket, key, etag }];
  };

  return async (unreadable, reason) => {
    const [keys, source] = await keep(unreadable);
    const note: QuarantineReason = {
      version: 1,
      reason,
      quarantined_by: quarantinedBy,
      quarantined_at: new Date().toISOString(),
      source,
    };
    await s3.send(
      new PutObjectCommand({
        Bucket: bucket,
        Key: keys.reason,
        Body: `${JSON.stringify(note, null, 2)}\n`,
        ContentType: 'application/json',
      }),
    );
    logger.error('Input was quarantined', { reason, source, kept_at: keys.content });
    metrics.addMetric(METRICS.quarantined, MetricUnit.Count, 1);
  };
}
