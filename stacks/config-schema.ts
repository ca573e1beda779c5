import { z } from 'zod';
import { distanceSpaceSchema } from '../contracts/collection-pointer';
import {
  DEFAULT_DISTANCE_SPACE,
  DEFAULT_EMBEDDING_DIMENSIONS,
  DEFAULT_EMBEDDING_MODEL,
  DEFAULT_EMBEDDING_REQUEST,
} from '../contracts/embedding';
import { fromEntries } from '../contracts/from-entries';
import { FUNCTION_NAMES, FUNCTIONS } from '../contracts/functions';
import { bucketName, keyArn, privateBlock, region, serverUrl, tags } from './config-values';

/** An environment's name is part of every physical name, and its file's name. */
export const environmentName = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,15}$/, 'lower-case letters, digits and hyphens, 16 at most');
const slug = z
  .string()
  .regex(/^[a-z][a-z0-9-]{1,23}$/, 'lower-case letters, digits and hyphens, 2 to 24, a letter first');
const secretName = z
  .string()
  .regex(/^[\w/+=.@-]{1,512}$/, 'the NAME of a Secrets Manager secret, never its value');
const memory = z.int().min(128).max(10_240);
const timeout = z.int().min(1).max(900);
const whole = z.int().positive();

/** CloudWatch accepts these numbers of days and no others. */
const LOG_RETENTION_DAYS = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
] as const;

const backend = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('local') }),
  z.strictObject({
    type: z.literal('s3'),
    bucket: bucketName,
    /** @default the environment's prefix with `.tfstate` */
    key: z.string().min(1).optional(),
    /** @default the pipeline's region */
    region: region.optional(),
  }),
]);

/** Keys under which there still is data: the functions may go on reading it. */
const formerKeyArns = z.array(keyArn).max(10).default([]);
const encryption = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('sse-s3'), formerKeyArns }),
  z.strictObject({
    type: z.literal('kms'),
    /** @default the stack makes a key, with yearly rotation */
    keyArn: keyArn.optional(),
    formerKeyArns,
  }),
]);

/** What a new collection measures distances in; one that exists keeps its own. */
const space = distanceSpaceSchema.default(DEFAULT_DISTANCE_SPACE);

const chroma = z.discriminatedUnion('mode', [
  z.strictObject({
    mode: z.literal('embedded'),
    space,
    /** Whether checkpoints lie on a file system as well, from which a cold start takes them sooner than from S3. */
    cache: z.enum(['efs', 'none']).default('efs'),
  }),
  z.strictObject({
    mode: z.literal('server'),
    space,
    url: serverUrl,
    tenant: z.string().min(1).optional(),
    database: z.string().min(1).optional(),
    secretName: secretName.optional(),
    secretKeyArn: keyArn.optional(),
  }),
  z.strictObject({
    mode: z.literal('cloud'),
    space,
    url: serverUrl.default('https://api.trychroma.com'),
    tenant: z.string().min(1),
    database: z.string().min(1),
    secretName,
    secretKeyArn: keyArn.optional(),
  }),
]);

/** Who takes the messages of lines and words. One choice for both queues, so that there can never be two. */
const consumer = z.union(
  [
    z.literal('enhanced-compaction'),
    z.literal('none'),
    z.strictObject({
      legacyFunction: z
        .string()
        .regex(
          /^(arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:)?[\w-]{1,64}$/,
          'a function name, or its ARN without a version or alias',
        ),
    }),
  ],
  { error: 'allowed: "enhanced-compaction", "none" (paused), or {"legacyFunction": "a name or ARN"}' },
);

const keyAttribute = z.strictObject({ name: z.string().min(1).max(255), type: z.enum(['S', 'N', 'B']) });

const adoptedTable = z.discriminatedUnion('as', [
  z.strictObject({
    /** The table comes under management by a Terraform import block. */
    as: z.literal('import'),
    name: z.string().min(3).max(255),
    /** The table's stream as it is now: changing it would give the stream a new ARN and orphan its readers. */
    streamViewType: z.enum(['NEW_IMAGE', 'NEW_AND_OLD_IMAGES']).optional(),
    /** Indexes that the table has already; what is not named here would be deleted. */
    indexes: z
      .array(
        z.strictObject({
          name: z.string().min(3).max(255),
          hashKey: keyAttribute,
          rangeKey: keyAttribute.optional(),
          projection: z.enum(['ALL', 'KEYS_ONLY']).default('ALL'),
        }),
      )
      .default([]),
  }),
  z.strictObject({
    /** The table stays under its owner's management and is only read as a data source. */
    as: z.literal('data-source'),
    name: z.string().min(3).max(255),
    /** The customer key that it is under. @default it is under a key of DynamoDB's */
    keyArn: keyArn.optional(),
  }),
]);

const adopt = z.strictObject({
  bucket: z
    .strictObject({
      name: bucketName,
      /** The customer key that its objects are under. @default they are under a key of S3's */
      keyArn: keyArn.optional(),
    })
    .optional(),
  table: adoptedTable.optional(),
  vpc: z
    .strictObject({
      id: z.string().regex(/^vpc-[0-9a-f]+$/, 'a VPC id, such as vpc-0abc'),
      subnetIds: z
        .array(z.string().regex(/^subnet-[0-9a-f]+$/, 'a subnet id'))
        .length(2)
        .refine(([a, b]) => a !== b, 'two different subnets, each in a zone of its own'),
      /** Route tables that get the S3 and DynamoDB gateway endpoints. Empty when the VPC has them already. */
      endpointRouteTableIds: z.array(z.string().regex(/^rtb-[0-9a-f]+$/, 'a route table id')).default([]),
    })
    .optional(),
});

/** A number for each function, which has a default of its own. */
const perFunction = (setting: 'memory' | 'timeout', schema: z.ZodInt) =>
  z
    .strictObject(fromEntries(FUNCTION_NAMES.map((name) => [name, schema.default(FUNCTIONS[name][setting])])))
    .prefault({});

const functions = z.strictObject({
  /** nodejs24.x needs AWS provider 6. */
  runtime: z.enum(['nodejs22.x', 'nodejs24.x']).default('nodejs22.x'),
  architecture: z.enum(['arm64', 'x86_64']).default('arm64'),
  /** Megabytes. */
  memory: perFunction('memory', memory),
  /** Seconds. */
  timeout: perFunction('timeout', timeout),
  /**
   * Whether each function has executions of its own, 25 in all. AWS keeps 100 of the account's unreserved, so that
   * with a quota below 125, such as a new account's 10, nothing of this can be applied.
   */
  reserveConcurrency: z.boolean().default(false),
  /** Megabytes of /tmp for the compaction's private copy of a collection. */
  compactionStorage: z.int().min(512).max(10_240).default(4096),
});

/** One environment's settings. docs/configuration.md explains each. */
export const configSchema = z.strictObject({
  /** Editors read it; we do not. */
  $schema: z.string().optional(),
  /** Every physical name starts with `{name}-{environment}`. */
  name: slug.default('chroma-pipeline'),
  region: region.default('us-east-1'),
  /** @default `{name}-{environment}-{account id}` */
  bucketName: bucketName.optional(),
  tags: tags.default({}),
  /** The environment's own name, typed out, when its data may be destroyed with it. */
  ephemeral: environmentName.optional(),
  backend: backend.default({ type: 'local' }),
  encryption: encryption.prefault({ type: 'sse-s3' }),
  retention: z
    .strictObject({
      logDays: z.literal([...LOG_RETENTION_DAYS]).default(365),
      queueDays: z.int().min(1).max(13).default(4),
      deadLetterDays: z.int().min(2).max(14).default(14),
      /** A delta goes this long after it was written, and only if a snapshot covers it. */
      coveredDeltaDays: whole.default(30),
      /** How long an overwritten or deleted object can be brought back. */
      noncurrentDays: whole.default(30),
    })
    .prefault({}),
  functions: functions.prefault({}),
  embedding: z
    .strictObject({
      model: z.string().min(1).default(DEFAULT_EMBEDDING_MODEL),
      dimensions: z.int().min(1).max(8192).default(DEFAULT_EMBEDDING_DIMENSIONS),
      /** @default OpenAI's own endpoint */
      baseUrl: serverUrl.optional(),
      secretName: secretName.default('chroma-pipeline/openai-api-key'),
      /** The customer key that the secret is under. @default it is under Secrets Manager's own */
      secretKeyArn: keyArn.optional(),
      /** Azure's `api-version`. @default the endpoint is not one of Azure's deployments */
      apiVersion: z.string().min(1).optional(),
      /** Texts that one request carries at most. */
      requestInputs: whole.default(DEFAULT_EMBEDDING_REQUEST.inputs),
      /** Tokens of all texts of one request, at most. */
      requestTokens: whole.default(DEFAULT_EMBEDDING_REQUEST.tokens),
      /** For each of the attempts at a request. */
      timeoutSeconds: whole.default(DEFAULT_EMBEDDING_REQUEST.timeoutSeconds),
      /** Requests that one instance of the function has under way at once. */
      concurrency: whole.default(DEFAULT_EMBEDDING_REQUEST.concurrency),
      /** Whether requests name the dimensions. @default for the models text-embedding-3-* */
      sendDimensions: z.boolean().optional(),
      encoding: z.enum(['base64', 'float']).default(DEFAULT_EMBEDDING_REQUEST.encoding),
    })
    .prefault({}),
  chroma: chroma.prefault({ mode: 'embedded' }),
  compaction: z
    .strictObject({
      /**
       * Merged records after which a collection is written whole, or a tenth of it, whichever is more. Replaying
       * them costs a cold start 2.3 ms each (2 cores, 1536 dimensions): 12 s for the default.
       */
      checkpointRecords: whole.default(5000),
      checkpointMinutes: whole.default(60),
      snapshotsKept: z.int().min(2).default(8),
      reconcileAfterSeconds: z.int().min(60).default(900),
    })
    .prefault({}),
  consumer: consumer.default('enhanced-compaction'),
  network: z
    .strictObject({
      cidr: privateBlock.default('10.87.0.0/24'),
      /** @default the first two that the account has */
      availabilityZones: z
        .tuple([z.string().min(1), z.string().min(1)])
        .refine(([a, b]) => a !== b, 'two different zones')
        .optional(),
    })
    .prefault({}),
  alarms: z
    .strictObject({
      /** Who is told. AWS asks this address to confirm. */
      email: z.email().optional(),
      oldestMessageSeconds: whole.default(3600),
      pendingRunSeconds: whole.default(3600),
      snapshotSeconds: whole.default(4 * 3600),
    })
    .prefault({}),
  adopt: adopt.prefault({}),
});

/** For editors, as JSON Schema: forms, names and choices, and not what must hold between settings. */
export const configJsonSchema = () => z.toJSONSchema(configSchema, { io: 'input' });

/** What a configuration file says, checked and complete. */
export type Settings = z.output<typeof configSchema>;

/** Whether the compaction mounts a file system. It alone demands a network. */
export const hasFileSystem = ({ chroma }: Pick<Settings, 'chroma'>): boolean =>
  chroma.mode === 'embedded' && chroma.cache === 'efs';
