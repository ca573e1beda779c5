import type { Context, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';
import { readEnvironment } from '../../contracts/environment';
import { createSqsClient } from '../shared/clients';
import { createRing } from '../shared/doorbell';
import { createTelemetry } from '../shared/logging';
import { ringInsertedRuns } from './ring-inserted-runs';

const name = 'stream-processor';
const { LINES_QUEUE_URL: lines, WORDS_QUEUE_URL: words } = readEnvironment(name);
const telemetry = createTelemetry(name);
const ring = createRing(createSqsClient(), { lines, words }, name);

export async function handler(event: DynamoDBStreamEvent, context: Context): Promise<DynamoDBBatchResponse> {
  telemetry.logger.addContext(context);
  return ringInsertedRuns(event.Records, ring, telemetry);
}
