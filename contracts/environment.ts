import { z } from 'zod';
import { distanceSpaceSchema } from './collection-pointer';
import { COLLECTIONS } from './collections';
import {
  DEFAULT_DISTANCE_SPACE,
  DEFAULT_EMBEDDING_DIMENSIONS,
  DEFAULT_EMBEDDING_MODEL,
  DEFAULT_EMBEDDING_REQUEST,
} from './embedding';
import { fromEntries } from './from-entries';
import type { FunctionName } from './functions';
import { type QueueName, queueUrlVariable } from './queues';

const bucket = z.string().min(3).max(63);
const table = z.string().min(3).max(255);
const wholeNumber = z.coerce.number().int().positive();

/**
 * Every environment variable that a function of ours reads, beside the URLs of queues. One name per thing, everywhere: the system that
 * we replace had `DYNAMO_TABLE_NAME` here and `DYNAMODB_TABLE_NAME` there.
 */
const variables = z.object({
  CHROMADB_BUCKET: bucket,
  COMPACTION_RUNS_TABLE: table,
  /** The name (not the value) of the Secrets Manager secret that holds the embedding endpoint's API key. */
  OPENAI_SECRET_NAME: z.string().min(1),
  /** Any OpenAI-compatible endpoint; the SDK's own default when absent. */
  OPENAI_BASE_URL: z.url().optional(),
  EMBEDDING_MODEL: z.string().min(1).default(DEFAULT_EMBEDDING_MODEL),
  EMBEDDING_DIMENSIONS: wholeNumber.default(DEFAULT_EMBEDDING_DIMENSIONS),
  /** Azure's `api-version`: the endpoint is then called as Azure's deployments are. */
  OPENAI_API_VERSION: z.string().min(1).optional(),
  /** Texts, and length of all texts together in tokens, that one request to the endpoint carries at most. */
  EMBEDDING_REQUEST_INPUTS: wholeNumber.default(DEFAULT_EMBEDDING_REQUEST.inputs),
  EMBEDDING_REQUEST_LENGTH: wholeNumber.default(DEFAULT_EMBEDDING_REQUEST.tokens),
  /** How long one of the attempts at a request may take. */
  EMBEDDING_TIMEOUT_SECONDS: wholeNumber.default(DEFAULT_EMBEDDING_REQUEST.timeoutSeconds),
  /** Requests that one instance of the function has under way at once. */
  EMBEDDING_CONCURRENCY: wholeNumber.default(DEFAULT_EMBEDDING_REQUEST.concurrency),
  /** Whether requests name the dimensions; where absent, for the models that are known to take the parameter. */
  EMBEDDING_SEND_DIMENSIONS: z.stringbool({ truthy: ['true'], falsy: ['false'] }).optional(),
  /** The form of embeddings that is asked for. Answers in the other one are read as well. */
  EMBEDDING_ENCODING: z.enum(['base64', 'float']).default(DEFAULT_EMBEDDING_REQUEST.encoding),
  CHROMA_MODE: z.enum(['embedded', 'server', 'cloud']).default('embedded'),
  /** What a new collection measures distances in; one that exists keeps its own. */
  CHROMA_SPACE: distanceSpaceSchema.default(DEFAULT_DISTANCE_SPACE),
  /** Embedded mode: where EFS is mounted, which keeps copies of checkpoints. Absent where there is none. */
  CHROMA_MOUNT_PATH: z.string().min(1).optional(),
  /** Server and cloud mode: the HTTP endpoint. */
  CHROMA_URL: z.url().optional(),
  CHROMA_TENANT: z.string().optional(),
  CHROMA_DATABASE: z.string().optional(),
  /** Cloud mode: the name of the Secrets Manager secret that holds the Chroma API key. */
  CHROMA_SECRET_NAME: z.string().optional(),
  /** A run that is unfinished for longer than this is sent to its queue again. Seconds. */
  RECONCILE_AFTER_SECONDS: wholeNumber.default(900),
  /** A checkpoint to S3 is due after this many merged records. */
  CHECKPOINT_RECORDS: wholeNumber.default(5000),
  /** A checkpoint to S3 is due after this many minutes, if anything was merged since the last. */
  CHECKPOINT_MINUTES: wholeNumber.default(60),
  /** What the function has as `/tmp`. Megabytes, as Lambda counts them. */
  COMPACTION_STORAGE_MEGABYTES: wholeNumber.optional(),
  /** Set by Lambda itself. */
  AWS_LAMBDA_FUNCTION_MEMORY_SIZE: wholeNumber.optional(),
  /** How many S3 snapshot versions are kept. */
  SNAPSHOTS_KEPT: wholeNumber.default(8),
});

/** The URLs of the queues that a function sends to, each under the queue's own variable. */
const sendsTo = <Name extends QueueName>(...queues: readonly Name[]) =>
  fromEntries(queues.map((queue) => [queueUrlVariable(queue), z.url()]));

/** What each function needs: the stack's factory writes exactly these, the function reads exactly these. */
export const environmentSchemas = {
  'process-ocr-results': variables.pick({ CHROMADB_BUCKET: true }).extend(sendsTo('embed-ndjson')),
  'embed-from-ndjson': variables.pick({
    CHROMADB_BUCKET: true,
    COMPACTION_RUNS_TABLE: true,
    OPENAI_SECRET_NAME: true,
    OPENAI_BASE_URL: true,
    OPENAI_API_VERSION: true,
    EMBEDDING_MODEL: true,
    EMBEDDING_DIMENSIONS: true,
    EMBEDDING_REQUEST_INPUTS: true,
    EMBEDDING_REQUEST_LENGTH: true,
    EMBEDDING_TIMEOUT_SECONDS: true,
    EMBEDDING_CONCURRENCY: true,
    EMBEDDING_SEND_DIMENSIONS: true,
    EMBEDDING_ENCODING: true,
  }),
  'stream-processor': z.object(sendsTo(...COLLECTIONS)),
  'enhanced-compaction': variables.pick({
    CHROMADB_BUCKET: true,
    COMPACTION_RUNS_TABLE: true,
    EMBEDDING_MODEL: true,
    EMBEDDING_DIMENSIONS: true,
    CHROMA_MODE: true,
    CHROMA_SPACE: true,
    CHROMA_MOUNT_PATH: true,
    CHROMA_URL: true,
    CHROMA_TENANT: true,
    CHROMA_DATABASE: true,
    CHROMA_SECRET_NAME: true,
    CHECKPOINT_RECORDS: true,
    CHECKPOINT_MINUTES: true,
    SNAPSHOTS_KEPT: true,
    COMPACTION_STORAGE_MEGABYTES: true,
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: true,
  }),
  'reconcile-runs': variables
    .pick({ COMPACTION_RUNS_TABLE: true, RECONCILE_AFTER_SECONDS: true, CHECKPOINT_MINUTES: true })
    .extend(sendsTo(...COLLECTIONS)),
} as const satisfies Record<FunctionName, z.ZodObject>;

export type FunctionEnvironment<Name extends FunctionName> = z.infer<(typeof environmentSchemas)[Name]>;

/**
 * Reads a function's environment once, at its cold start.
 *
 * @throws {Error} naming the function and every variable that is missing or wrong, without their values.
 */
export function readEnvironment<Name extends FunctionName>(
  name: Name,
  source: NodeJS.ProcessEnv = process.env,
): FunctionEnvironment<Name> {
  const result = environmentSchemas[name].safeParse(source);
  if (result.success) return result.data as FunctionEnvironment<Name>;
  const wrong = result.error.issues.map((issue) => `${issue.path.join('.')} (${issue.message})`).join(', ');
  throw new Error(
    `${name}: its environment is not usable: ${wrong}. Deploy it with the stack, which sets them.`,
  );
}
