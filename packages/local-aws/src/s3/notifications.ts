import { configurationDocument } from './bucket-configuration';
import { queueRules } from './event-messages';
import type { Exchange } from './exchange';
import { done, type Reply } from './request';
import { S3Error } from './s3-error';
import type { Bucket } from './store';
import { child } from './xml';

const UNSUPPORTED_TARGETS = ['TopicConfiguration', 'CloudFunctionConfiguration', 'EventBridgeConfiguration'];

const invalid = (message: string) => new S3Error('InvalidArgument', message);

/** @throws {S3Error} InvalidArgument for a target that S3 cannot send to, NotImplemented for one that we cannot. */
export async function putNotifications({ request, service }: Exchange, bucket: Bucket): Promise<Reply> {
  const root = configurationDocument(request, 'NotificationConfiguration');
  for (const name of UNSUPPORTED_TARGETS) {
    if (child(root, name) !== undefined) {
      throw new S3Error('NotImplemented', `This server sends notifications to SQS queues only, not ${name}.`);
    }
  }
  for (const { queueArn, events } of queueRules(root)) {
    if (!/^arn:aws[\w-]*:sqs:[\w-]+:\d{12}:[\w.-]+$/.test(queueArn)) {
      throw invalid('The ARN could not be parsed');
    }
    if (queueArn.endsWith('.fifo'))
      throw invalid('FIFO queues are not supported as notification destinations');
    if (events.length === 0 || events.some((event) => !event.startsWith('s3:'))) {
      throw invalid('The event is not supported for notifications');
    }
    const problem = await service.queues.problem(queueArn);
    if (problem !== undefined) {
      throw invalid(`Unable to validate the following destination configurations: ${problem}`);
    }
  }
  bucket.configurations.set('notification', request.payload);
  return done();
}
