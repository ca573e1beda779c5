import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { readEnvironment } from '../../contracts/environment';
import { createSqsClient } from '../shared/clients';
import { createDoorbellSender } from '../shared/doorbell';
import { createTelemetry } from '../shared/logging';
import { sendDoorbells } from './send-doorbells';

const name = 'stream-processor';
const { LINES_QUEUE_URL: lines, WORDS_QUEUE_URL: words } = readEnvironment(name);
const telemetry = createTelemetry(name);
const send = createDoorbellSender(createSqsClient(), { lines, words }, name);

export async function handler(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  telemetry.logger.addContext(context);
  return sendDoorbells(event.Records, send, telemetry);
}
