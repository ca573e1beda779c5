import type { S3Client } from '@aws-sdk/client-s3';
import { annotationKeys } from '../../contracts/bucket-layout';
import { perCollection, perCollectionAsync } from '../../contracts/collections';
import type { CollectionRun, CompactionRun } from '../../contracts/compaction-run';
import { ANNOTATION_FORMAT_VERSION } from '../../contracts/delta';
import type { EmbeddingSpace } from '../../contracts/embedding';
import type { ReceiptReference } from '../../contracts/record-id';
import { readAnnotation } from '../shared/annotation';
import { hasStatus } from '../shared/has-status';
import type { Telemetry } from '../shared/logging';
import { lookAtLatest, type SeenObject } from '../shared/look-at-object';
import { UnreadableInput } from '../shared/quarantine';
import { createRun, type RunTable, runsOfReceipt } from '../shared/run-table';
import { sha256 } from '../shared/sha256';
import { laterThan } from './later-than';
import { nextAnnotationRun } from './run-id';
import { commonHeader, storeDelta } from './store-delta';

export interface AnnotateProps extends EmbeddingSpace {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly table: RunTable;
  readonly telemetry: Telemetry;
}

/**
 * Makes a run of a receipt's annotation as it is now, unless the receipt's newest run is it: a delta for each
 * collection, which has the annotation's text and no records, then the run. Without an annotation there is nothing to
 * do, nor with one that cannot be read, which process-ocr-results has kept with the reason.
 *
 * @throws {Error} when S3 or DynamoDB fail.
 */
export async function annotateReceipt(receipt: ReceiptReference, props: AnnotateProps): Promise<void> {
  const { s3, bucket, table, telemetry } = props;
  const seen = await lookAtLatest(s3, bucket, annotationKeys(receipt));
  if (seen === undefined) {
    telemetry.logger.info('The receipt has no annotation', { ...receipt });
    return;
  }
  // Between looking at the object twice, so that of two runs the one of the later state is the later one, however long
  // either takes.
  const runs = await runsOfReceipt(table, receipt, telemetry);
  const lookedAt = Date.now();
  const text = await textOf(receipt, seen, props);
  if (text === undefined) return;

  const next = nextAnnotationRun({ ...receipt, version: seen.version, sha256: sha256(text) }, runs);
  if (next.step !== 'create') {
    telemetry.logger.info('The annotation has its run already', { run_id: next.run.run_id });
    return;
  }
  const head = {
    run_id: next.id,
    image_id: receipt.imageId,
    receipt_id: receipt.receiptId,
    created_at: laterThan(runs.at(-1), lookedAt).toISOString(),
  };
  const run = await storeAnnotation(head, text, props);
  const created = await createRun(table, run);
  const { run_id } = run;
  telemetry.logger.info(
    created ? 'A run of an annotation was created' : 'Another delivery created the run meanwhile',
    { run_id },
  );
}

/** The annotation's text; undefined where there is nothing to be said of it, or another delivery will say it. */
async function textOf(
  receipt: ReceiptReference,
  seen: SeenObject,
  { s3, bucket, telemetry }: AnnotateProps,
): Promise<string | undefined> {
  const leave = (why: string) => {
    telemetry.logger.info(why, { ...receipt, key: seen.key });
    return undefined;
  };
  try {
    return await readAnnotation(s3, bucket, seen);
  } catch (error) {
    if (error instanceof UnreadableInput)
      return leave('The annotation cannot be read, and lies in quarantine');
    if (!hasStatus(error, 404, 412)) throw error;
    return leave('The annotation has changed since: its newer state has a message of its own');
  }
}

async function storeAnnotation(
  head: Pick<CompactionRun, 'run_id' | 'image_id' | 'receipt_id' | 'created_at'>,
  annotation: string,
  props: AnnotateProps,
): Promise<CompactionRun> {
  const stored = await perCollectionAsync((collection) => {
    const header = {
      format_version: ANNOTATION_FORMAT_VERSION,
      ...commonHeader(head, collection, props),
      records: 0,
      annotation,
    } as const;
    return storeDelta(props.s3, props.bucket, { header, records: [] });
  });
  const collections = perCollection((each): CollectionRun => ({ state: 'PENDING', ...stored[each] }));
  return { version: 1, ...head, kind: 'annotation', ...collections };
}
