import { environmentSchemas } from '../../contracts/environment';
import type { FunctionName } from '../../contracts/functions';
import type { ChromaBucket } from '../shared/chroma-bucket';
import type { Deployment } from '../shared/deployment';
import type { Queues } from '../shared/queues';
import type { RunTable } from '../shared/run-table';

/** Every environment variable that a function of ours may have. */
export type VariableName = {
  [Name in FunctionName]: keyof (typeof environmentSchemas)[Name]['shape'] & string;
}[FunctionName];

export interface EnvironmentProps {
  readonly deployment: Deployment;
  readonly bucket: ChromaBucket;
  readonly queues: Queues;
  readonly runTable: RunTable;
}

/**
 * The one place that gives functions their variables: the contract says which names a function reads, this
 * says what each name stands for, once for all functions.
 */
export class FunctionEnvironments {
  private readonly values: Readonly<Record<VariableName, string | undefined>>;

  constructor({ deployment, bucket, queues, runTable }: EnvironmentProps) {
    const { chroma, compaction, embedding } = deployment.config;
    const remote = chroma.mode === 'embedded' ? undefined : chroma;
    this.values = {
      CHROMADB_BUCKET: bucket.name,
      EMBED_NDJSON_QUEUE_URL: queues.embedNdjson.queue.url,
      LINES_QUEUE_URL: queues.collections.lines.queue.url,
      WORDS_QUEUE_URL: queues.collections.words.queue.url,
      COMPACTION_RUNS_TABLE: runTable.name,
      OPENAI_SECRET_NAME: embedding.secretName,
      OPENAI_BASE_URL: embedding.baseUrl,
      EMBEDDING_MODEL: embedding.model,
      EMBEDDING_DIMENSIONS: String(embedding.dimensions),
      CHROMA_MODE: chroma.mode,
      CHROMA_MOUNT_PATH: remote === undefined ? MOUNT_PATH : undefined,
      CHROMA_URL: remote?.url,
      CHROMA_TENANT: remote?.tenant,
      CHROMA_DATABASE: remote?.database,
      CHROMA_SECRET_NAME: remote?.secretName,
      RECONCILE_AFTER_SECONDS: String(compaction.reconcileAfterSeconds),
      CHECKPOINT_RECORDS: String(compaction.checkpointRecords),
      CHECKPOINT_MINUTES: String(compaction.checkpointMinutes),
      SNAPSHOTS_KEPT: String(compaction.snapshotsKept),
    };
  }

  /** Exactly the variables that the function's contract names; optional ones only where they have a value. */
  of(name: FunctionName): Record<string, string> {
    const names = Object.keys(environmentSchemas[name].shape) as VariableName[];
    return Object.fromEntries(
      names.flatMap((variable) => {
        const value = this.values[variable];
        return value === undefined ? [] : [[variable, value] as const];
      }),
    );
  }
}

/** Where Lambda mounts the file system; it demands a place below /mnt. */
export const MOUNT_PATH = '/mnt/chroma';
