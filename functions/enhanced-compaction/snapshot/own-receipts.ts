import { ZodError } from 'zod';
import { versionInstant } from '../../../contracts/bucket-layout';
import type { Collection } from '../../../contracts/collections';
import { CONTENT_HASH_KEY, type HashedRecord } from '../../../contracts/delta';
import {
  parseRecordId,
  type ReceiptReference,
  receiptIdPrefix,
  recordName,
} from '../../../contracts/record-id';
import type { ReplacedRecord } from '../../../contracts/replaced-record';
import { messageOf, type Telemetry } from '../../shared/logging';
import { type RunTable, runsOfReceipt } from '../../shared/run-table';
import { slices } from '../../shared/slices';
import { type ChromaCollection, metadataOf, type StoredRecord } from '../chroma/collection';
import { concurrently } from '../concurrently';
import { joined, replacedRecord, untouched } from '../merge/replacement';
import { prefixOf, storedRecordsOf } from '../merge/stored-records';
import { asHashedRecord } from './missing-receipts';

interface OwnProps {
  readonly table: RunTable;
  readonly collection: Collection;
  readonly telemetry: Telemetry;
}

/** Receipts that are held in memory at once. */
const RECEIPTS_AT_ONCE = 50;

/**
 * The receipts on which this pipeline has the last word beside another writer's snapshot: it has merged a run of theirs
 * that was made at the snapshot's moment or later.
 *
 * @param version - of the snapshot. It names a second, and what happened within that is ours.
 * @param into - what the snapshot and the later deltas give: the receipts that are in question.
 */
export async function receiptsSaidSince(
  { table, collection, telemetry }: OwnProps,
  version: string,
  into: Pick<ChromaCollection, 'metadataPage'>,
): Promise<ReceiptReference[]> {
  const receipts = new Map<string, ReceiptReference>();
  for await (const page of metadataOf(into)) {
    for (const { id } of page) {
      const receipt = parseRecordId(id);
      if (receipt !== undefined) receipts.set(receiptIdPrefix(receipt), receipt);
    }
  }
  const since = versionInstant(version)?.getTime() ?? 0;
  const isOurs = async (receipt: ReceiptReference): Promise<boolean> => {
    try {
      return (await runsOfReceipt(table, receipt)).some(
        ({ kind, created_at, [collection]: { state } }) =>
          kind === undefined && state === 'COMPLETED' && Date.parse(created_at) >= since,
      );
    } catch (error) {
      if (!(error instanceof ZodError)) throw error;
      const { imageId, receiptId } = receipt;
      const what = { collection, imageId, receiptId, reason: messageOf(error) };
      telemetry.logger.error("The snapshot's form of a receipt counts, since its runs cannot be read", what);
      return false;
    }
  };
  const all = [...receipts.values()];
  const ours = await concurrently(all, isOurs);
  return all.filter((_, index) => ours[index]);
}

/**
 * Makes these receipts what they are in the published content, gone ones too. What others had put on records of theirs
 * stays where the text is the same and nobody has said anything there.
 *
 * @param from - the published content.
 * @param into - what another writer's snapshot and the later deltas give.
 * @returns the foreign metadata that did not stay.
 */
export async function keepOwnReceipts(
  from: ChromaCollection,
  into: ChromaCollection,
  receipts: readonly ReceiptReference[],
): Promise<ReplacedRecord[]> {
  const lost: (ReplacedRecord | undefined)[] = [];
  for (const some of slices(receipts, RECEIPTS_AT_ONCE)) {
    const own = await recordsOf(from, some, []);
    const ids = own.map(({ id }) => id);
    const others = new Map<string, StoredRecord[]>();
    const stored = await recordsOf(into, some, ids);
    for (const record of stored) {
      const name = recordName(record.id);
      others.set(name, [...(others.get(name) ?? []), record]);
    }
    const vectors = await from.vectors(ids);
    const kept = own.map((record): HashedRecord => {
      const embedding = vectors.get(record.id) ?? new Float32Array();
      const hashed = asHashedRecord({ ...record, embedding });
      const name = recordName(record.id);
      const whole = joined(untouched(record, hashed), others.get(name) ?? []);
      others.delete(name);
      lost.push(...whole.lost);
      const { [CONTENT_HASH_KEY]: _, ...after } = whole.replacement.after;
      return { ...hashed, metadata: after };
    });
    for (const gone of [...others.values()].flat()) lost.push(replacedRecord(gone, {}, 'record-gone'));
    await into.delete(stored.map(({ id }) => id));
    await into.add(kept);
  }
  return lost.flatMap((each) => each ?? []);
}

async function recordsOf(
  chroma: ChromaCollection,
  receipts: readonly ReceiptReference[],
  ids: readonly string[],
): Promise<StoredRecord[]> {
  const named = receipts.map(({ imageId, receiptId }) => ({ image_id: imageId, receipt_id: receiptId }));
  const stored = await storedRecordsOf(chroma, named, ids);
  return named.flatMap((each) => [...(stored.get(prefixOf(each))?.values() ?? [])]);
}
