import { readEnvironment } from '../../contracts/environment';
import { createS3Client, createSecretReader, createTableClient } from '../shared/clients';
import { createTelemetry } from '../shared/logging';
import { createQuarantine } from '../shared/quarantine';
import { createSqsHandler } from '../shared/sqs-batch';
import { embedMessage } from './embed-receipt';
import { createEmbedder } from './embedder';
import { endpointOf } from './endpoint';

const name = 'embed-from-ndjson';
const environment = readEnvironment(name);
const { CHROMADB_BUCKET: bucket, EMBEDDING_MODEL: model, EMBEDDING_DIMENSIONS: dimensions } = environment;
const telemetry = createTelemetry(name);
const s3 = createS3Client();
const readSecret = createSecretReader();
const props = {
  s3,
  table: { client: createTableClient(), name: environment.COMPACTION_RUNS_TABLE },
  bucket,
  model,
  dimensions,
  embed: createEmbedder(endpointOf(environment), () => readSecret(environment.OPENAI_SECRET_NAME)),
  telemetry,
};

export const handler = createSqsHandler(
  ({ body, attributes }) =>
    embedMessage({ body, receives: Number(attributes.ApproximateReceiveCount) }, props),
  createQuarantine(s3, bucket, name, telemetry),
  telemetry,
);
