import { SendMessageCommand } from '@aws-sdk/client-sqs';
import { annotationKeys, parseAnnotationKey } from '../../contracts/bucket-layout';
import { type AnnotationMessage, annotationMessageSchema, MESSAGE_VERSION } from '../../contracts/messages';
import type { ChangedObject } from '../../contracts/s3-notification';
import { readAnnotation } from '../shared/annotation';
import { lookAtLatest } from '../shared/look-at-object';
import { UnreadableInput } from '../shared/quarantine';
import type { IngestProps } from './ingest-props';
import { tellOfOtherSpelling } from './other-spelling';

/**
 * Tells embed-from-ndjson that a receipt's annotation has changed, once it is sure that it can be read; one that
 * cannot is quarantined. One that was removed says nothing any more: what it has set stays.
 *
 * @throws {Error} when S3 or SQS fail, or when the object changes meanwhile: the message must come again.
 */
export async function announceAnnotation({ key }: ChangedObject, props: IngestProps): Promise<void> {
  const { s3, sqs, bucket, embedQueueUrl, quarantine, telemetry } = props;
  const receipt = parseAnnotationKey(key);
  const found = await lookAtLatest(s3, bucket, receipt === undefined ? [key] : annotationKeys(receipt));
  if (found === undefined) {
    telemetry.logger.info('An annotation was removed; what it has set stays', { key });
    return;
  }
  tellOfOtherSpelling(key, found, telemetry);
  try {
    if (receipt === undefined) {
      throw new UnreadableInput(
        'The key is not of the form annotations/{image uuid}/receipt-{five digits}.json, its uuid in small letters or in capitals.',
      );
    }
    await readAnnotation(s3, bucket, found);
    const message: AnnotationMessage = annotationMessageSchema.parse({
      version: MESSAGE_VERSION,
      type: 'ANNOTATION',
      image_id: receipt.imageId,
      receipt_id: receipt.receiptId,
      bucket,
    });
    await sqs.send(new SendMessageCommand({ QueueUrl: embedQueueUrl, MessageBody: JSON.stringify(message) }));
    telemetry.logger.info('An annotation was read', { ...receipt, key: found.key });
  } catch (error) {
    if (!(error instanceof UnreadableInput)) throw error;
    await quarantine(found, error.message);
  }
}
