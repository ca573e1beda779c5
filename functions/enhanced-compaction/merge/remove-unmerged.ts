import type { Collection } from '../../../contracts/collections';
import type { CompactionRun } from '../../../contracts/compaction-run';
import { CONTENT_HASH_KEY, type DeltaRecord } from '../../../contracts/delta';
import type { ReceiptReference } from '../../../contracts/record-id';
import type { ChromaCollection, StoredRecord } from '../chroma/collection';
import { concurrently } from '../concurrently';
import { type DeltaSource, loadDelta, UnusableDelta } from './load-delta';
import { prefixOf, storedRecordsOf } from './stored-records';

/**
 * Removes what a merge that was broken off, or refused, wrote of a receipt of which nothing was merged yet: a run that
 * waits is merged as if it had not been, and one that FAILED leaves nothing. Where a record of the receipt is of somebody
 * else, or has something of somebody else on it, all stay.
 *
 * @param known - all runs of the receipt.
 */
export async function removeUnmerged(
  chroma: ChromaCollection,
  receipt: ReceiptReference,
  known: readonly CompactionRun[],
  collection: Collection,
  source: DeltaSource,
): Promise<void> {
  const whole = known.filter(({ kind }) => kind === undefined);
  if (whole.length === 0 || known.some((run) => run[collection].state === 'COMPLETED')) return;
  const name = { image_id: receipt.imageId, receipt_id: receipt.receiptId };
  const stored = [...((await storedRecordsOf(chroma, [name], [])).get(prefixOf(name))?.values() ?? [])];
  if (stored.length === 0) return;
  const deltas = await concurrently(whole, ({ [collection]: { delta_key, delta_sha256 } }) =>
    loadDelta(source, delta_key, delta_sha256).catch((error: unknown) => {
      if (error instanceof UnusableDelta) return undefined;
      throw error;
    }),
  );
  const written = new Map<string, DeltaRecord>();
  for (const record of deltas.flatMap((delta) => delta?.records ?? [])) {
    written.set(`${record.id} ${record.contentHash}`, record);
  }
  const isOurs = ({ id, metadata }: StoredRecord): boolean => {
    const record = written.get(`${id} ${metadata[CONTENT_HASH_KEY]}`);
    return (
      record !== undefined &&
      Object.keys(metadata).every((key) => key === CONTENT_HASH_KEY || Object.hasOwn(record.metadata, key))
    );
  };
  if (stored.every(isOurs)) await chroma.delete(stored.map(({ id }) => id));
}
