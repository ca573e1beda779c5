import { environmentSchemas } from '../../contracts/environment';
import type { FunctionName } from '../../contracts/functions';
import type { PipelineConfig } from '../../stacks/config';
import type { Resources } from './resources';

/** What a function's process has beside its own variables, so that it is as quiet as it is on Lambda. */
const ALWAYS = {
  // There is no X-Ray daemon here.
  POWERTOOLS_TRACE_ENABLED: 'false',
  AWS_XRAY_CONTEXT_MISSING: 'IGNORE_ERROR',
};

/**
 * A function's environment: exactly the variables that its contract names, as the stack gives them, with those
 * that lead every AWS client to the local AWS.
 *
 * @param values - what each variable stands for; one that is absent is left to its default.
 */
export function functionEnvironment(
  name: FunctionName,
  values: Readonly<Record<string, string>>,
  awsEnvironment: Readonly<Record<string, string>>,
): Record<string, string> {
  const own = Object.keys(environmentSchemas[name].shape).flatMap((variable) => {
    const value = values[variable];
    return value === undefined ? [] : [[variable, value] as const];
  });
  return { ...ALWAYS, ...awsEnvironment, ...Object.fromEntries(own) };
}

/** What each variable stands for, once for all functions, as the stack's own factory says it. */
export const variables = (
  { embedding, chroma, compaction }: PipelineConfig,
  { queues, tableName }: Resources,
  local: { readonly bucket: string; readonly embeddingBaseUrl: string; readonly mountPath: string },
): Record<string, string> => ({
  CHROMADB_BUCKET: local.bucket,
  EMBED_NDJSON_QUEUE_URL: queues['embed-ndjson'].url,
  LINES_QUEUE_URL: queues.lines.url,
  WORDS_QUEUE_URL: queues.words.url,
  COMPACTION_RUNS_TABLE: tableName,
  OPENAI_SECRET_NAME: embedding.secretName,
  OPENAI_BASE_URL: local.embeddingBaseUrl,
  EMBEDDING_MODEL: embedding.model,
  EMBEDDING_DIMENSIONS: String(embedding.dimensions),
  CHROMA_MODE: chroma.mode,
  CHROMA_MOUNT_PATH: local.mountPath,
  RECONCILE_AFTER_SECONDS: String(compaction.reconcileAfterSeconds),
  CHECKPOINT_RECORDS: String(compaction.checkpointRecords),
  CHECKPOINT_MINUTES: String(compaction.checkpointMinutes),
  SNAPSHOTS_KEPT: String(compaction.snapshotsKept),
});
