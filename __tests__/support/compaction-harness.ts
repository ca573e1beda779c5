import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { DeleteCommand, DynamoDBDocumentClient, GetCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { type LocalAws, startLocalAws } from 'local-aws';
import { type CollectionPointer, collectionPointerSchema } from '../../contracts/collection-pointer';
import type { Collection } from '../../contracts/collections';
import { type CollectionRun, type CompactionRun, collectionKey } from '../../contracts/compaction-run';
import {
  ANNOTATION_FORMAT_VERSION,
  contentHash,
  type Delta,
  type DeltaHeader,
  type DeltaRecord,
} from '../../contracts/delta';
import { TEXT_FORMAT_VERSION } from '../../contracts/embedding';
import { recordId } from '../../contracts/record-id';
import { createResources } from '../../demo/pipeline/resources';
import { type Compaction, type CompactionProps, compact } from '../../functions/enhanced-compaction/compact';
import {
  openPublishedCollection,
  type PublishedSource,
} from '../../functions/enhanced-compaction/open-published';
import {
  createEmbeddedStore,
  type EmbeddedStoreProps,
} from '../../functions/enhanced-compaction/store/embedded-store';
import { encodeDelta } from '../../functions/shared/delta-file';
import { createTelemetry } from '../../functions/shared/logging';
import { createRun, type RunTable, runsOfReceipt } from '../../functions/shared/run-table';
import { loadConfig } from '../../stacks/config';
import { runOfLines } from './runs';

export const MODEL = 'test-model';
export const DIMENSIONS = 16;

/** A receipt's content in one collection: a text for each line. */
export interface ReceiptSpec {
  readonly imageId?: string;
  readonly receiptId?: number;
  readonly createdAt?: Date;
  readonly texts: readonly string[];
  readonly metadata?: Record<string, string | number | boolean>;
  /** Changes the delta's header, to make it wrong. */
  readonly header?: Partial<DeltaHeader>;
  /** Changes the stored bytes, to make them wrong. */
  readonly spoil?: (bytes: Uint8Array) => Uint8Array | undefined;
  readonly records?: (records: DeltaRecord[]) => DeltaRecord[];
}

/** What `chroma.cache` may be. */
export const CACHES = ['efs', 'none'] as const;

/** One bucket, one table and one mount, apart from those of any other test. */
export interface World {
  readonly aws: LocalAws;
  readonly s3: S3Client;
  readonly bucket: string;
  readonly table: RunTable;
  readonly mountPath: string;
  /** What a reader is given. */
  readonly source: PublishedSource;
  /** From here on everybody has a file system, or nobody. */
  useCache(cache: (typeof CACHES)[number]): void;
  /** A writer of its own: store, private copy and all. Closed after the test. */
  writer(overrides?: Partial<EmbeddedStoreProps> & Partial<CompactionProps>): Writer;
  /** What one merge of a fresh writer, as of another sandbox, does. */
  compactOnce(overrides?: Parameters<World['writer']>[0]): Promise<Compaction>;
  /** Stores the lines delta of a receipt and its run, as embed-from-ndjson does. */
  arrive(spec: ReceiptSpec): Promise<CompactionRun>;
  put(key: string, body: Uint8Array | string): Promise<void>;
  state(run: CompactionRun): Promise<CollectionRun>;
  pointer(): Promise<CollectionPointer | undefined>;
  deletePointer(): Promise<void>;
  /** Changes the pointer's item by an expression in which `:value` stands for something. @param collection - lines */
  changePointer(expression: string, value: unknown, collection?: Collection): Promise<void>;
  /** Ids of the published records, in order, with document and metadata. */
  published(): Promise<Map<string, { document: string; metadata: Readonly<Record<string, unknown>> }>>;
  /** Their documents, sorted. */
  documents(): Promise<string[]>;
}

export interface Writer {
  compact(announced?: readonly CompactionRun[], deadline?: number): Promise<Compaction>;
  close(): Promise<void>;
}

/**
 * Gives every test of the suite a world of its own, on one embedded AWS that is stopped after the last one.
 *
 * @returns the same object all along, which is filled anew before each test.
 */
export function useCompactionHarness(): World {
  const world = {} as World;
  const closing: (() => Promise<void>)[] = [];
  let aws: LocalAws;
  let clients: { s3: S3Client; sqs: SQSClient; dynamodb: DynamoDBClient };
  beforeAll(async () => {
    aws = await startLocalAws();
    clients = {
      s3: new S3Client(aws.clientOptions('s3')),
      sqs: new SQSClient(aws.clientOptions('sqs')),
      dynamodb: new DynamoDBClient(aws.clientOptions('dynamodb')),
    };
  });
  beforeEach(async () => {
    const bucket = `world-${randomBytes(4).toString('hex')}`;
    const config = { ...loadConfig('dev'), prefix: bucket };
    const options = { bucketName: bucket, visibilityTimeoutSeconds: 60 };
    const { tableName: name } = await createResources(clients, config, options);
    const mountPath = await mkdtemp(join(tmpdir(), 'efs-'));
    closing.push(() => rm(mountPath, { recursive: true, force: true }));
    const client = DynamoDBDocumentClient.from(clients.dynamodb, {
      marshallOptions: { removeUndefinedValues: true },
    });
    const place = { aws, s3: clients.s3, bucket, table: { client, name }, mountPath };
    Object.assign(world, makeWorld(world, place, closing));
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
  });
  afterAll(async () => {
    for (const client of Object.values(clients ?? {})) client.destroy();
    await aws?.stop();
  });
  return world;
}

function makeWorld(
  world: World,
  place: Pick<World, 'aws' | 's3' | 'bucket' | 'table' | 'mountPath'>,
  closing: (() => Promise<void>)[],
): World {
  const { s3, bucket, table, mountPath } = place;
  const withoutMount = { s3, bucket, table };
  const telemetry = quietTelemetry();
  const pointer = async () => {
    const get = new GetCommand({ TableName: table.name, Key: collectionKey('lines'), ConsistentRead: true });
    const { Item } = await table.client.send(get);
    return Item && collectionPointerSchema.parse(Item);
  };
  return {
    ...place,
    pointer,
    source: { ...withoutMount, mountPath },
    useCache: (cache) => {
      Object.assign(world, { source: cache === 'efs' ? { ...withoutMount, mountPath } : withoutMount });
    },
    writer(overrides = {}) {
      const embedding = { model: MODEL, dimensions: DIMENSIONS };
      const shared = { s3, bucket, table, telemetry, ...embedding };
      const store = createEmbeddedStore({
        collection: 'lines',
        mountPath: world.source.mountPath,
        checkpointRecords: 50_000,
        checkpointMinutes: 60,
        snapshotsKept: 3,
        space: 'l2',
        ...shared,
        ...overrides,
      });
      closing.push(() => store.close());
      return {
        compact: (announced = [], deadline = Date.now() + 60_000) =>
          compact(
            'lines',
            announced.map(({ image_id, receipt_id, run_id }) => ({
              imageId: image_id,
              receiptId: receipt_id,
              runId: run_id,
            })),
            deadline,
            { ...shared, store, ...overrides },
          ),
        close: () => store.close(),
      };
    },
    async compactOnce(overrides) {
      const writer = world.writer(overrides);
      try {
        return await writer.compact();
      } finally {
        await writer.close();
      }
    },
    documents: async () => [...(await world.published()).values()].map(({ document }) => document).sort(),
    async arrive(spec) {
      const delta = makeDelta(spec);
      const bytes = encodeDelta(delta);
      const stored = spec.spoil === undefined ? bytes : spec.spoil(bytes);
      const run = runOfLines(delta.header, bytes);
      if (stored) await world.put(run.lines.delta_key, stored);
      await createRun(table, run);
      return run;
    },
    async put(Key, Body) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: Buffer.from(Body) }));
    },
    async state(run) {
      const runs = await runsOfReceipt(table, { imageId: run.image_id, receiptId: run.receipt_id });
      const found = runs.find(({ run_id }) => run_id === run.run_id);
      if (found === undefined) throw new Error('The run is gone.');
      return found.lines;
    },
    async deletePointer() {
      await table.client.send(new DeleteCommand({ TableName: table.name, Key: collectionKey('lines') }));
    },
    async changePointer(UpdateExpression, value, collection = 'lines') {
      const ExpressionAttributeValues = { ':value': value };
      const Key = collectionKey(collection);
      const update = { TableName: table.name, Key, UpdateExpression, ExpressionAttributeValues };
      await table.client.send(new UpdateCommand(update));
    },
    async published() {
      const collection = await openPublishedCollection('lines', world.source);
      try {
        const records = await collection.page(0, 100_000);
        const sorted = records.sort((a, b) => (a.id < b.id ? -1 : 1));
        return new Map(sorted.map(({ id, document, metadata }) => [id, { document, metadata }]));
      } finally {
        await collection.close();
      }
    },
  };
}

export function makeDelta(spec: ReceiptSpec): Delta {
  const { imageId = randomUUID(), receiptId = 1, createdAt = new Date(), texts } = spec;
  const records = texts.map((text, index): DeltaRecord => {
    const lineId = index + 1;
    const content = {
      document: text,
      metadata: { image_id: imageId, receipt_id: receiptId, line_id: lineId, ...spec.metadata },
      embedding: embed(text),
    };
    const id = recordId({ imageId, receiptId, lineId });
    return { id, ...content, embeddedText: text, contentHash: contentHash(content) };
  });
  const header: DeltaHeader = {
    format_version: 1,
    run_id: randomBytes(16).toString('hex'),
    collection: 'lines',
    image_id: imageId,
    receipt_id: receiptId,
    created_at: createdAt.toISOString(),
    model: MODEL,
    dimensions: DIMENSIONS,
    text_format_version: TEXT_FORMAT_VERSION,
    records: texts.length,
    ...spec.header,
  };
  return { header, records: spec.records?.(records) ?? records };
}

/** An annotation that puts a label on all lines of a receipt. */
export const labelled = (label: string): Pick<ReceiptSpec, 'texts' | 'header'> => ({
  texts: [],
  header: {
    format_version: ANNOTATION_FORMAT_VERSION,
    annotation: JSON.stringify({ receipt: { section_label: label } }),
  },
});

/** The ids of a run's lines, by their numbers. */
export const idsOf = ({ image_id, receipt_id }: CompactionRun, lines: number): string[] =>
  Array.from({ length: lines }, (_, index) =>
    recordId({ imageId: image_id, receiptId: receipt_id, lineId: index + 1 }),
  );

/** A direction of its own for each text. */
export function embed(text: string, dimensions = DIMENSIONS): Float32Array {
  const values = new Float32Array(dimensions);
  for (let index = 0; index < dimensions; index += 1) {
    values[index] = createHash('md5').update(`${index}${text}`).digest().readInt32LE(0) / 2 ** 31;
  }
  return values;
}

/** Telemetry that prints nothing. */
export function quietTelemetry() {
  const telemetry = createTelemetry('enhanced-compaction');
  telemetry.logger.setLogLevel('SILENT');
  for (const method of ['publishStoredMetrics', 'addMetric', 'addDimension'] as const) {
    telemetry.metrics[method] = () => telemetry.metrics;
  }
  return telemetry;
}
