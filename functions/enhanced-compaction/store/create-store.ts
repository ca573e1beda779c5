import type { S3Client } from '@aws-sdk/client-s3';
import { CHROMA_CLOUD_LIMITS } from '../../../contracts/chroma-cloud';
import type { Collection } from '../../../contracts/collections';
import type { FunctionEnvironment } from '../../../contracts/environment';
import type { SecretReader } from '../../shared/clients';
import type { Telemetry } from '../../shared/logging';
import type { RunTable } from '../../shared/run-table';
import type { CollectionStore } from './collection-store';
import { createEmbeddedStore } from './embedded-store';
import { createRemoteStore } from './remote-store';

export interface StoreProps {
  readonly collection: Collection;
  readonly environment: FunctionEnvironment<'enhanced-compaction'>;
  readonly s3: S3Client;
  readonly table: RunTable;
  readonly readSecret: SecretReader;
  readonly telemetry: Telemetry;
}

/** Lambda's megabytes are 1024 × 1024. */
const bytes = (megabytes: number | undefined) => megabytes && megabytes * 1024 ** 2;

/**
 * The store that `CHROMA_MODE` chooses.
 *
 * @throws {Error} when server or cloud mode lacks its URL.
 */
export function createStore({ environment, readSecret, ...props }: StoreProps): CollectionStore {
  const { CHROMA_MODE: mode, CHROMA_URL: url, CHROMA_SECRET_NAME: secret } = environment;
  const shared = {
    ...props,
    bucket: environment.CHROMADB_BUCKET,
    space: environment.CHROMA_SPACE,
    model: environment.EMBEDDING_MODEL,
    dimensions: environment.EMBEDDING_DIMENSIONS,
  };
  if (mode === 'embedded') {
    return createEmbeddedStore({
      ...shared,
      mountPath: environment.CHROMA_MOUNT_PATH,
      checkpointRecords: environment.CHECKPOINT_RECORDS,
      checkpointMinutes: environment.CHECKPOINT_MINUTES,
      snapshotsKept: environment.SNAPSHOTS_KEPT,
      storageBytes: bytes(environment.COMPACTION_STORAGE_MEGABYTES),
      memoryBytes: bytes(environment.AWS_LAMBDA_FUNCTION_MEMORY_SIZE),
    });
  }
  if (url === undefined) {
    throw new Error(`CHROMA_MODE is "${mode}" but CHROMA_URL is not set. Deploy it with the stack.`);
  }
  return createRemoteStore({
    ...shared,
    url,
    tenant: environment.CHROMA_TENANT,
    database: environment.CHROMA_DATABASE,
    recordLimits: mode === 'cloud' ? CHROMA_CLOUD_LIMITS : undefined,
    readApiKey: secret === undefined ? undefined : () => readSecret(secret),
  });
}
