import type { Collection } from '../../contracts/collections';
import { readEnvironment } from '../../contracts/environment';
import { createS3Client, createSecretReader, createTableClient } from '../shared/clients';
import { createTelemetry } from '../shared/logging';
import { createQuarantine } from '../shared/quarantine';
import { compact } from './compact';
import { createDoorbellHandler } from './doorbells';
import type { CollectionStore } from './store/collection-store';
import { createStore } from './store/create-store';

const name = 'enhanced-compaction';
const environment = readEnvironment(name);
const { CHROMADB_BUCKET: bucket, EMBEDDING_MODEL: model, EMBEDDING_DIMENSIONS: dimensions } = environment;
const telemetry = createTelemetry(name);
const s3 = createS3Client();
const table = { client: createTableClient(), name: environment.COMPACTION_RUNS_TABLE };
const readSecret = createSecretReader();
const props = { table, s3, bucket, model, dimensions, telemetry };

/** One per collection for the life of the sandbox, so that a warm copy is used again. */
const stores = new Map<Collection, CollectionStore>();
const storeOf = (collection: Collection): CollectionStore => {
  const store =
    stores.get(collection) ?? createStore({ collection, environment, s3, table, readSecret, telemetry });
  stores.set(collection, store);
  return store;
};

export const handler = createDoorbellHandler({
  compact: (collection, announced, deadline) =>
    compact(collection, announced, deadline, { ...props, store: storeOf(collection) }),
  table,
  quarantine: createQuarantine(s3, bucket, name, telemetry),
  telemetry,
});
