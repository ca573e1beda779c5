import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Change, Input, Output } from './engine';
import { dynamoDbError, validation } from './errors';

export type StreamViewType = 'KEYS_ONLY' | 'NEW_IMAGE' | 'OLD_IMAGE' | 'NEW_AND_OLD_IMAGES';

interface StreamRecord {
  readonly sequenceNumber: string;
  readonly wire: object;
}
interface Stream {
  readonly arn: string;
  readonly label: string;
  readonly table: string;
  readonly keySchema: unknown;
  readonly view: StreamViewType;
  enabled: boolean;
  readonly records: StreamRecord[];
}

/** DynamoDB's own bound on one GetRecords. */
const MOST_RECORDS = 1_000;
const SHARD = 'shardId-00000000000000000001-local';
const SEQUENCE_DIGITS = 21;

/** The streams of all tables: one shard each, nothing is trimmed while the server lives. */
export class Streams {
  readonly #byArn = new Map<string, Stream>();
  readonly #region: string;
  #sequence = 0n;

  constructor(region: string) {
    this.#region = region;
  }

  /** The table's newest stream, which stays readable after it was switched off. */
  latest(table: string): Stream | undefined {
    return [...this.#byArn.values()].filter((stream) => stream.table === table).at(-1);
  }

  enable(table: { name: string; arn: string; keySchema: unknown }, view: StreamViewType): void {
    if (this.latest(table.name)?.enabled) {
      throw validation('Table already has an enabled stream: TableName: '.concat(table.name));
    }
    const label = new Date().toISOString().replace('Z', '');
    const arn = `${table.arn}/stream/${label}`;
    const { name, keySchema } = table;
    this.#byArn.set(arn, { arn, label, table: name, keySchema, view, enabled: true, records: [] });
  }

  disable(table: string): void {
    const stream = this.latest(table);
    if (stream) stream.enabled = false;
  }

  /** Appends a change to its table's stream. A write that changed nothing leaves no record, as in DynamoDB. */
  record({ table, key, before, after }: Change, expired = false): void {
    const stream = this.latest(table);
    if (!stream?.enabled || isDeepStrictEqual(plain(before), plain(after))) return;
    this.#sequence += 1n;
    const sequenceNumber = String(this.#sequence).padStart(SEQUENCE_DIGITS, '0');
    const images = {
      ...(after && stream.view.includes('NEW') && { NewImage: after }),
      ...(before && stream.view.includes('OLD') && { OldImage: before }),
    };
    const wire = {
      eventID: randomUUID().replaceAll('-', ''),
      eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
      eventVersion: '1.1',
      eventSource: 'aws:dynamodb',
      awsRegion: this.#region,
      dynamodb: {
        ApproximateCreationDateTime: Math.floor(Date.now() / 1000),
        Keys: key,
        ...images,
        SequenceNumber: sequenceNumber,
        SizeBytes: Buffer.byteLength(JSON.stringify({ key, ...images })),
        StreamViewType: stream.view,
      },
      ...(expired && { userIdentity: { PrincipalId: 'dynamodb.amazonaws.com', Type: 'Service' } }),
    };
    // A copy: the images are dynalite's own objects.
    stream.records.push({ sequenceNumber, wire: structuredClone(wire) });
  }

  listStreams({ TableName }: Input): Output {
    const streams = [...this.#byArn.values()].filter(({ table }) => TableName == null || table === TableName);
    return {
      Streams: streams.map(({ arn, label, table }) => ({
        StreamArn: arn,
        StreamLabel: label,
        TableName: table,
      })),
    };
  }

  describeStream({ StreamArn }: Input): Output {
    const { arn, label, table, keySchema, view, enabled, records } = this.#find(StreamArn);
    return {
      StreamDescription: {
        StreamArn: arn,
        StreamLabel: label,
        StreamStatus: enabled ? 'ENABLED' : 'DISABLED',
        StreamViewType: view,
        TableName: table,
        KeySchema: keySchema,
        Shards: [
          {
            ShardId: SHARD,
            SequenceNumberRange: {
              StartingSequenceNumber: records[0]?.sequenceNumber ?? '0'.repeat(SEQUENCE_DIGITS),
              // A shard that has an end is closed: its reader stops there.
              ...(!enabled && { EndingSequenceNumber: records.at(-1)?.sequenceNumber }),
            },
          },
        ],
      },
    };
  }

  getShardIterator({ StreamArn, ShardId, ShardIteratorType, SequenceNumber }: Input): Output {
    const { arn, records } = this.#find(StreamArn);
    if (ShardId !== SHARD) throw notFound(`Shard ${String(ShardId)} of ${arn}`);
    const from = (passes: (record: StreamRecord) => boolean) => {
      const position = records.findIndex(passes);
      return position < 0 ? records.length : position;
    };
    const positions: Record<string, () => number> = {
      TRIM_HORIZON: () => 0,
      LATEST: () => records.length,
      AT_SEQUENCE_NUMBER: () => from((record) => record.sequenceNumber >= String(SequenceNumber)),
      AFTER_SEQUENCE_NUMBER: () => from((record) => record.sequenceNumber > String(SequenceNumber)),
    };
    const position = positions[String(ShardIteratorType)];
    if (position === undefined) throw validation(`No shard iterator type: ${String(ShardIteratorType)}`);
    return { ShardIterator: encodeIterator(arn, position()) };
  }

  getRecords({ ShardIterator, Limit }: Input): Output {
    const [arn, position] = decodeIterator(String(ShardIterator));
    const { records, enabled } = this.#find(arn);
    const limit = Math.min(Number(Limit ?? MOST_RECORDS), MOST_RECORDS);
    const page = records.slice(position, position + limit);
    const next = position + page.length;
    const closed = !enabled && next >= records.length;
    return {
      Records: page.map(({ wire }) => wire),
      ...(!closed && { NextShardIterator: encodeIterator(arn, next) }),
    };
  }

  #find(arn: unknown): Stream {
    const stream = this.#byArn.get(String(arn));
    if (stream === undefined) throw notFound(`Stream: ${String(arn)}`);
    return stream;
  }
}

const plain = (item: unknown): unknown => (item === undefined ? undefined : JSON.parse(JSON.stringify(item)));
const notFound = (what: string) =>
  dynamoDbError('ResourceNotFoundException', `Requested resource not found: ${what} not found`);

const encodeIterator = (arn: string, position: number): string =>
  Buffer.from(JSON.stringify([arn, position])).toString('base64');
function decodeIterator(iterator: string): [string, number] {
  try {
    const [arn, position] = JSON.parse(Buffer.from(iterator, 'base64').toString()) as [string, number];
    return [arn, position];
  } catch {
    throw validation('Invalid ShardIterator');
  }
}
