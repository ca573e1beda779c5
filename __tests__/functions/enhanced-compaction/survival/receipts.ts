import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { deltaKey } from '../../../../contracts/bucket-layout';
import { type Collection, perCollection, perCollectionAsync } from '../../../../contracts/collections';
import type { CompactionRun } from '../../../../contracts/compaction-run';
import {
  ANNOTATION_FORMAT_VERSION,
  contentHash,
  type DeltaHeader,
  type DeltaRecord,
  type RecordMetadata,
} from '../../../../contracts/delta';
import { TEXT_FORMAT_VERSION } from '../../../../contracts/embedding';
import { recordId } from '../../../../contracts/record-id';
import { encodeDelta } from '../../../../functions/shared/delta-file';
import { createRun, type RunTable } from '../../../../functions/shared/run-table';
import { DIMENSIONS, embed, MODEL } from '../../../support/compaction-harness';
import type { ExpectedRecord, WrittenRun } from './judge';
import type { Arrival, Poison } from './storm';

interface Place {
  readonly s3: S3Client;
  readonly bucket: string;
  readonly table: RunTable;
}

/** What arrives, written as embed-from-ndjson does, and what the collections are to hold in the end. */
export interface Receipts {
  /** @returns the runs, in the order of their creation. */
  arrive(arrival: Arrival): Promise<CompactionRun[]>;
  readonly runs: readonly WrittenRun[];
  expected(collection: Collection): Map<string, ExpectedRecord>;
}

interface Receipt {
  readonly imageId: string;
  texts: readonly string[];
  label?: string;
}

export function createReceipts(place: Place): Receipts {
  const receipts = new Map<number, Receipt>();
  const runs: WrittenRun[] = [];
  let last = 0;
  const receiptOf = (number: number): Receipt => {
    const known = receipts.get(number) ?? { imageId: randomUUID(), texts: [] };
    receipts.set(number, known);
    return known;
  };
  const write = async (receipt: Receipt, content: Content): Promise<CompactionRun> => {
    // A later run is a later one by its instant, too.
    last = Math.max(Date.now(), last + 1);
    const run = await writeRun(place, receipt.imageId, new Date(last), content);
    runs.push({ run, ...(content.poison && { poison: content.poison }) });
    return run;
  };
  return {
    runs,
    async arrive(arrival) {
      const receipt = receiptOf(arrival.receipt);
      if (arrival.kind === 'poison')
        return [await write(receipt, { texts: ['POISON'], poison: arrival.poison })];
      if (arrival.kind === 'annotation') receipt.label = arrival.label;
      else receipt.texts = arrival.texts;
      const written = arrival.kind === 'drop' ? [await write(receipt, { texts: receipt.texts })] : [];
      // As after every drop: an annotation is put on again.
      if (receipt.label === undefined) return written;
      return [...written, await write(receipt, { texts: [], label: receipt.label })];
    },
    expected: (collection) =>
      new Map(
        [...receipts.values()].flatMap((receipt) =>
          recordsOf(collection, receipt).map(({ id, document, metadata, embedding }) => [
            id,
            { document, embedding, metadata: { ...metadata, ...foreignOf(receipt.label) } },
          ]),
        ),
      ),
  };
}

const foreignOf = (label: string | undefined): RecordMetadata =>
  label === undefined ? {} : { section_label: label, reviewed_by: `whoever says ${label}` };

interface Content {
  readonly texts: readonly string[];
  readonly label?: string;
  readonly poison?: Poison;
}

async function writeRun(
  { s3, bucket, table }: Place,
  imageId: string,
  createdAt: Date,
  { texts, label, poison }: Content,
): Promise<CompactionRun> {
  const run_id = randomBytes(16).toString('hex');
  const created_at = createdAt.toISOString();
  const collections = await perCollectionAsync(async (collection) => {
    const records = recordsOf(collection, { imageId, texts }).map((record) => spoiltBy(poison, record));
    const header: DeltaHeader = {
      format_version: label === undefined ? 1 : ANNOTATION_FORMAT_VERSION,
      run_id,
      collection,
      image_id: imageId,
      receipt_id: 1,
      created_at,
      model: MODEL,
      dimensions: DIMENSIONS,
      text_format_version: TEXT_FORMAT_VERSION,
      records: records.length,
      ...(label !== undefined && { annotation: JSON.stringify({ receipt: foreignOf(label) }) }),
    };
    const bytes = poison === 'not Arrow' ? Buffer.from('not Arrow') : encodeDelta({ header, records });
    const Key = deltaKey(collection, run_id);
    await s3.send(new PutObjectCommand({ Bucket: bucket, Key, Body: bytes }));
    const hashed = poison === 'wrong hash' ? Buffer.from('another file') : bytes;
    return {
      state: 'PENDING' as const,
      delta_key: Key,
      delta_sha256: createHash('sha256').update(hashed).digest('hex'),
      records: records.length,
    };
  });
  const kind = label === undefined ? {} : ({ kind: 'annotation' } as const);
  const head = { version: 1 as const, run_id, image_id: imageId, receipt_id: 1, created_at };
  const run: CompactionRun = { ...head, ...kind, ...perCollection((each) => collections[each]) };
  await createRun(table, run);
  return run;
}

/** A record for each line, and in the other collection for each of its words. */
function recordsOf(collection: Collection, { imageId, texts }: Receipt): DeltaRecord[] {
  const place = { imageId, receiptId: 1 };
  return texts.flatMap((text, index) => {
    const lineId = index + 1;
    const own = { image_id: imageId, receipt_id: 1, line_id: lineId };
    if (collection === 'lines') return [recordFor(recordId({ ...place, lineId }), text, own)];
    return text.split(' ').map((word, at) => {
      const wordId = at + 1;
      return recordFor(recordId({ ...place, lineId, wordId }), word, { ...own, word_id: wordId });
    });
  });
}

function recordFor(id: string, document: string, metadata: RecordMetadata): DeltaRecord {
  const content = { document, metadata, embedding: embed(document) };
  return { id, ...content, embeddedText: document, contentHash: contentHash(content) };
}

function spoiltBy(poison: Poison | undefined, record: DeltaRecord): DeltaRecord {
  if (poison === 'endless vector')
    return { ...record, embedding: record.embedding.map((value) => value * 1e20) };
  if (poison === 'refused key') return { ...record, metadata: { ...record.metadata, $and: 'x' } };
  return record;
}
