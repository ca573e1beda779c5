import type { DeltaHeader } from '../../../contracts/delta';
import { idSpellings, parseRecordId, receiptIdPrefix, receiptOf } from '../../../contracts/record-id';
import type { ChromaCollection, StoredRecord } from '../chroma/collection';

/** What names a receipt as the header of a delta does. */
type NamesReceipt = Pick<DeltaHeader, 'image_id' | 'receipt_id'>;

/**
 * The records that a collection holds of some receipts, by the receipt's prefix ({@link prefixOf}) and by id.
 *
 * @param headers - of deltas of those receipts, or what else names them.
 * @param ids - of records that are looked for by their ids too, where nothing else tells whose they are.
 */
export async function storedRecordsOf(
  chroma: ChromaCollection,
  headers: readonly NamesReceipt[],
  ids: readonly string[],
): Promise<Map<string, Map<string, StoredRecord>>> {
  const receipts = new Map(headers.map((header) => [prefixOf(header), new Map<string, StoredRecord>()]));
  const sort = (records: readonly StoredRecord[]): void => {
    for (const record of records) ofReceipt(record.id, receipts)?.set(record.id, record);
  };
  // By image and then by id's prefix: old records hold `receipt_id` as text, in more than one form.
  sort(await chroma.byImages([...new Set(headers.map(({ image_id }) => image_id))]));
  // A record whose metadata names no image is found by its id alone; Chroma would not add over it.
  const sought = new Set(ids.flatMap(idSpellings));
  sort(await chroma.byIds([...sought].filter((id) => !ofReceipt(id, receipts)?.has(id))));
  return receipts;
}

/** The prefix that all ids of a delta's receipt share. */
export const prefixOf = (header: NamesReceipt): string => receiptIdPrefix(receiptOf(header));

function ofReceipt<Value>(id: string, receipts: ReadonlyMap<string, Value>): Value | undefined {
  const reference = parseRecordId(id);
  return reference && receipts.get(receiptIdPrefix(reference));
}
