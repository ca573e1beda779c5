import { readEnvironment } from '../../contracts/environment';
import { createS3Client, createSqsClient } from '../shared/clients';
import { createTelemetry } from '../shared/logging';
import { createQuarantine } from '../shared/quarantine';
import { createSqsHandler } from '../shared/sqs-batch';
import { ingestMessage } from './ingest';

const name = 'process-ocr-results';
const { CHROMADB_BUCKET: bucket, EMBED_NDJSON_QUEUE_URL: embedQueueUrl } = readEnvironment(name);
const telemetry = createTelemetry(name);
const s3 = createS3Client();
const quarantine = createQuarantine(s3, bucket, name, telemetry);
const props = { s3, sqs: createSqsClient(), bucket, embedQueueUrl, quarantine, telemetry };

export const handler = createSqsHandler(({ body }) => ingestMessage(body, props), quarantine, telemetry);
