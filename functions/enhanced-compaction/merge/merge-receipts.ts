import { CONTENT_HASH_KEY, type Delta, type HashedRecord } from '../../../contracts/delta';
import { addTallies, NO_RECORDS, type RecordTally, tallyRecords } from '../../../contracts/record-form';
import { parseRecordId, receiptIdPrefix, receiptOf } from '../../../contracts/record-id';
import type { ChromaCollection, StoredRecord } from '../chroma/collection';
import { MergeNotProven, probe } from './probe';

/** What a merge did to a collection, in records. */
export interface MergeCounts {
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  /** By how many records of each form the collection grew or shrank. */
  readonly tally: RecordTally;
}

export const isChange = ({ added, replaced, removed }: MergeCounts): boolean =>
  added + replaced + removed > 0;

export const addCounts = (a: MergeCounts, b: MergeCounts): MergeCounts => ({
  added: a.added + b.added,
  replaced: a.replaced + b.replaced,
  removed: a.removed + b.removed,
  tally: addTallies(a.tally, b.tally),
});

export const NO_CHANGE: MergeCounts = { added: 0, replaced: 0, removed: 0, tally: NO_RECORDS };

/**
 * Makes a collection hold exactly the given receipts' records: adds, replaces (delete and add, since an
 * upsert would merge metadata and costs many times as much), removes, and leaves alone what is the same. Then
 * proves it: the count, every record's content hash, and probes of the vector index.
 *
 * @param deltas - whole receipts, at most one delta each.
 * @throws {MergeNotProven} when the collection does not hold what was written: it must be thrown away.
 */
export async function mergeReceipts(
  chroma: ChromaCollection,
  deltas: readonly Delta[],
): Promise<MergeCounts> {
  const before = await chroma.count();
  const stored = await storedRecordsOf(chroma, deltas);
  const written: HashedRecord[] = [];
  const gone: StoredRecord[] = [];
  for (const record of deltas.flatMap(({ records }) => records)) {
    const present = stored.get(record.id);
    stored.delete(record.id);
    if (present?.metadata[CONTENT_HASH_KEY] === record.contentHash) continue;
    written.push(record);
    if (present !== undefined) gone.push(present);
  }
  const replaced = gone.length;
  const removed = stored.size;
  gone.push(...stored.values());
  const tally = difference(deltas, written, gone);
  const counts = { added: written.length - replaced, replaced, removed, tally };

  await chroma.delete(gone.map(({ id }) => id));
  await chroma.add(written);
  if (isChange(counts)) await prove(chroma, before, counts, written, [...stored.keys()]);
  return counts;
}

function difference(
  [delta]: readonly Delta[],
  written: readonly HashedRecord[],
  gone: readonly StoredRecord[],
): RecordTally {
  if (delta === undefined) return NO_RECORDS;
  const [more, less] = [written, gone].map((records) =>
    tallyRecords(
      delta.header.collection,
      records.map(({ metadata }) => metadata),
    ),
  ) as [RecordTally, RecordTally];
  return addTallies(more, less, -1);
}

/** The receipts' records that the collection holds, by id; also such as their delta lacks. */
async function storedRecordsOf(
  chroma: ChromaCollection,
  deltas: readonly Delta[],
): Promise<Map<string, StoredRecord>> {
  const prefixes = new Set(deltas.map(({ header }) => receiptIdPrefix(receiptOf(header))));
  // By image and then by id's prefix: old records hold `receipt_id` as text, in more than one form.
  const ofImages = await chroma.byImages([...new Set(deltas.map(({ header }) => header.image_id))]);
  const stored = new Map<string, StoredRecord>();
  for (const record of ofImages) {
    const reference = parseRecordId(record.id);
    if (reference !== undefined && prefixes.has(receiptIdPrefix(reference))) stored.set(record.id, record);
  }
  // A record whose metadata names no image is found by its id alone; Chroma would not add over it.
  const others = deltas.flatMap(({ records }) => records.map(({ id }) => id)).filter((id) => !stored.has(id));
  for (const record of await chroma.byIds(others)) stored.set(record.id, record);
  return stored;
}

async function prove(
  chroma: ChromaCollection,
  before: number,
  { added, removed }: MergeCounts,
  written: readonly HashedRecord[],
  gone: readonly string[],
): Promise<void> {
  const expected = before + added - removed;
  const count = await chroma.count();
  if (count !== expected) {
    throw new MergeNotProven(
      `The collection ${chroma.name} holds ${count} records after a merge, not ${expected}.`,
    );
  }
  const hashes = new Map<string, unknown>();
  for (const { id, metadata } of await chroma.byIds([...written.map(({ id }) => id), ...gone])) {
    hashes.set(id, metadata[CONTENT_HASH_KEY]);
  }
  const wrong = written.find(({ id, contentHash }) => hashes.get(id) !== contentHash)?.id;
  if (wrong !== undefined || hashes.size !== written.length) {
    throw new MergeNotProven(
      `The collection ${chroma.name} does not hold what was merged, at ${wrong ?? gone[0]}.`,
    );
  }
  await probe(chroma, written);
}
