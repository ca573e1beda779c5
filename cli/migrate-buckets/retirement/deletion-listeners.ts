import {
  type Event,
  GetBucketNotificationConfigurationCommand,
  type GetBucketNotificationConfigurationCommandOutput,
  type S3Client,
} from '@aws-sdk/client-s3';
import { failureOf, isUnable } from '../../shared/aws/failure';
import { patiently } from '../../shared/aws/pace';

/**
 * Whom S3 tells of what is deleted in a bucket, as a sentence, or that this could not be found out; null: nobody. What
 * listens may delete in turn, as this pipeline's own bucket has it: an OCR result that goes takes its receipt out of
 * the collections.
 *
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/EventNotifications.html
 */
export async function deletionListeners(s3: S3Client, bucket: string): Promise<string | null> {
  try {
    const told = listeners(
      await patiently(() => s3.send(new GetBucketNotificationConfigurationCommand({ Bucket: bucket }))),
    );
    if (told.length === 0) return null;
    return `S3 tells ${told.join(', ')} of what is deleted in ${bucket}, and what listens there may delete in turn. Take that out of its notifications (aws s3api put-bucket-notification-configuration).`;
  } catch (error) {
    const failure = failureOf(error);
    if (isUnable(failure)) return null;
    return `Whether anybody is told of what is deleted in ${bucket} could not be found out (${failure.code}).`;
  }
}

/** Who is told of deletions, by ARN or name. EventBridge is told of everything. Pure. */
function listeners({
  LambdaFunctionConfigurations: functions = [],
  QueueConfigurations: queues = [],
  TopicConfigurations: topics = [],
  EventBridgeConfiguration: bridge,
}: GetBucketNotificationConfigurationCommandOutput): string[] {
  const told = [
    ...functions.map(({ Events, LambdaFunctionArn }) => ({ Events, arn: LambdaFunctionArn })),
    ...queues.map(({ Events, QueueArn }) => ({ Events, arn: QueueArn })),
    ...topics.map(({ Events, TopicArn }) => ({ Events, arn: TopicArn })),
  ].flatMap(({ Events, arn = 'somebody' }) => (Events?.some(isDeletion) ? [arn] : []));
  return [...new Set([...told, ...(bridge === undefined ? [] : ['EventBridge'])])];
}

const isDeletion = (event: Event): boolean => event.startsWith('s3:ObjectRemoved:');
