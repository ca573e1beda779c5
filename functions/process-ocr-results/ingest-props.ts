import type { S3Client } from '@aws-sdk/client-s3';
import type { SQSClient } from '@aws-sdk/client-sqs';
import type { Telemetry } from '../shared/logging';
import type { Quarantine } from '../shared/quarantine';

/** What this function works with. */
export interface IngestProps {
  readonly s3: S3Client;
  readonly sqs: SQSClient;
  readonly bucket: string;
  readonly embedQueueUrl: string;
  readonly quarantine: Quarantine;
  readonly telemetry: Telemetry;
}
