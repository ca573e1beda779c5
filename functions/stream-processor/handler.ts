import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { readEnvironment } from '../../contracts/environment';
import { collectionQueueUrls } from '../../contracts/queues';
import { createSqsClient } from '../shared/clients';
import { createDoorbellSender } from '../shared/doorbell';
import { createTelemetry } from '../shared/logging';
import { sendDoorbells } from './send-doorbells';

const name = 'stream-processor';
const queueUrls = collectionQueueUrls(readEnvironment(name));
const telemetry = createTelemetry(name);
const send = createDoorbellSender(createSqsClient(), queueUrls, name);

export async function handler(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  telemetry.logger.addContext(context);
  return sendDoorbells(event.Records, send, telemetry);
}
