import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { replacedKey } from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import { runOf } from '../../../contracts/compaction-run';
import { METRICS } from '../../../contracts/metrics';
import type { ReplacedRecord } from '../../../contracts/replaced-record';
import { hasStatus } from '../../shared/has-status';
import { countPerCollection, type Telemetry } from '../../shared/logging';
import { readObject } from '../../shared/read-object';
import { noteReplaced, type RunTable } from '../../shared/run-table';
import { stringifyExactly } from '../../shared/written-numbers';
import type { KeepReplaced } from './merge-receipts';

export interface ReplacedProps {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly telemetry: Telemetry;
}

/** Where a run's or a snapshot's replaced records are kept, and how many there are. */
export interface KeptReplaced {
  readonly key: string;
  readonly records: number;
}

/** Keeps what runs replace, each in an object of its own, and notes it in the run's item. */
export const keepForRuns =
  (props: ReplacedProps & { readonly table: RunTable }): KeepReplaced =>
  async (run, records) => {
    const kept = await keepReplaced(props, run.collection, run.run_id, records);
    await noteReplaced(props.table, runOf(run), run.collection, kept);
  };

/** Only a writer that has lost its lease writes at the same time, and that once. */
const ATTEMPTS = 5;

/**
 * Adds the lines of replaced records to `{collection}/replaced/{cause}.ndjson`, before the records are replaced. Lines
 * that stand there stay: a merge that is made again after a crash may find the records replaced already, and must
 * not take them for all that there was. A line that stands there is not added twice.
 *
 * @param cause - as of {@link replacedKey}.
 * @param records - at least one.
 */
export async function keepReplaced(
  { s3, bucket, telemetry }: ReplacedProps,
  collection: Collection,
  cause: string,
  records: readonly ReplacedRecord[],
): Promise<KeptReplaced> {
  const key = replacedKey(collection, cause);
  for (let attempt = 1; ; attempt += 1) {
    const before = await readObject(s3, bucket, key);
    const known = before?.bytes.toString().split('\n').slice(0, -1) ?? [];
    const lines = [...new Set([...known, ...records.map(line)])];
    if (lines.length === known.length) return { key, records: lines.length };
    const condition = before === undefined ? { IfNoneMatch: '*' } : { IfMatch: before.etag };
    const Body = lines.map((each) => `${each}\n`).join('');
    const put = { Bucket: bucket, Key: key, Body, ContentType: 'application/x-ndjson', ...condition };
    try {
      await s3.send(new PutObjectCommand(put));
    } catch (error) {
      // Another writer's write came first: 412, or 409 while it was under way.
      if (attempt === ATTEMPTS || !hasStatus(error, 409, 412)) throw error;
      continue;
    }
    const added = lines.slice(known.length);
    countPerCollection(
      telemetry,
      METRICS.recordsReplaced,
      added.map(() => collection),
    );
    return { key, records: lines.length };
  }
}

/** The same text for the same record, whatever order Chroma gives its keys in. */
const line = ({ id, document, metadata, why }: ReplacedRecord): string => {
  const sorted = Object.entries(metadata).sort(([a], [b]) => (a < b ? -1 : 1));
  return stringifyExactly({ id, document, metadata: Object.fromEntries(sorted), why });
};
