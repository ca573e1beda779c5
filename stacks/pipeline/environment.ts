import { environmentSchemas } from '../../contracts/environment';
import { fromEntries } from '../../contracts/from-entries';
import type { FunctionName } from '../../contracts/functions';
import { QUEUE_NAMES, type QueueName, queueUrlVariable } from '../../contracts/queues';
import type { PipelineConfig } from '../config';
import { hasFileSystem } from '../config-schema';

/** Every environment variable that a function of ours may have. */
type VariableName = {
  [Name in FunctionName]: keyof (typeof environmentSchemas)[Name]['shape'] & string;
}[FunctionName];

/** What each variable stands for; undefined where the function's own default is meant. */
export type Variables = Readonly<Record<VariableName, string | undefined>>;

/** The resources that every function shares. */
interface SharedResources {
  readonly bucket: string;
  readonly runTable: string;
  readonly queueUrls: Readonly<Record<QueueName, string>>;
}

/** Where Lambda mounts the file system; it demands a place below /mnt. */
export const MOUNT_PATH = '/mnt/chroma';

/** The one place that says what each variable stands for, once for all functions. */
export function variables(
  config: PipelineConfig,
  { bucket, runTable, queueUrls }: SharedResources,
): Variables {
  const { chroma, compaction, embedding } = config;
  const remote = chroma.mode === 'embedded' ? undefined : chroma;
  return {
    CHROMADB_BUCKET: bucket,
    ...fromEntries(QUEUE_NAMES.map((queue) => [queueUrlVariable(queue), queueUrls[queue]])),
    COMPACTION_RUNS_TABLE: runTable,
    OPENAI_SECRET_NAME: embedding.secretName,
    OPENAI_BASE_URL: embedding.baseUrl,
    EMBEDDING_MODEL: embedding.model,
    EMBEDDING_DIMENSIONS: String(embedding.dimensions),
    OPENAI_API_VERSION: embedding.apiVersion,
    EMBEDDING_REQUEST_INPUTS: String(embedding.requestInputs),
    EMBEDDING_REQUEST_LENGTH: String(embedding.requestTokens),
    EMBEDDING_TIMEOUT_SECONDS: String(embedding.timeoutSeconds),
    EMBEDDING_CONCURRENCY: String(embedding.concurrency),
    EMBEDDING_SEND_DIMENSIONS: embedding.sendDimensions?.toString(),
    EMBEDDING_ENCODING: embedding.encoding,
    CHROMA_MODE: chroma.mode,
    CHROMA_SPACE: chroma.space,
    CHROMA_MOUNT_PATH: hasFileSystem(config) ? MOUNT_PATH : undefined,
    CHROMA_URL: remote?.url,
    CHROMA_TENANT: remote?.tenant,
    CHROMA_DATABASE: remote?.database,
    CHROMA_SECRET_NAME: remote?.secretName,
    RECONCILE_AFTER_SECONDS: String(compaction.reconcileAfterSeconds),
    CHECKPOINT_RECORDS: String(compaction.checkpointRecords),
    CHECKPOINT_MINUTES: String(compaction.checkpointMinutes),
    SNAPSHOTS_KEPT: String(compaction.snapshotsKept),
    COMPACTION_STORAGE_MEGABYTES: String(config.functions.compactionStorage),
    // Lambda's own.
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: undefined,
  };
}

/** Exactly the variables that the function's contract names; optional ones only where they have a value. */
export function environmentOf(name: FunctionName, values: Partial<Variables>): Record<string, string> {
  const names = Object.keys(environmentSchemas[name].shape) as VariableName[];
  return Object.fromEntries(
    names.flatMap((variable) => {
      const value = values[variable];
      return value === undefined ? [] : [[variable, value] as const];
    }),
  );
}
