import {
  CONTENT_HASH_KEY,
  type Delta,
  type DeltaHeader,
  type HashedRecord,
  type RecordMetadata,
} from '../../../contracts/delta';
import type { ReplacedRecord } from '../../../contracts/replaced-record';
import type { ChromaCollection, WrittenVector } from '../chroma/collection';
import { BeyondLimits, excessOf } from '../chroma/record-limits';
import { concurrently } from '../concurrently';
import { addCensus, type Census, NO_CENSUS } from './census';
import { MergeNotProven } from './merge-not-proven';
import { readBack, soughtAmong } from './probe';
import { type Changes, changesOf, type ReceiptChanges } from './receipt-changes';
import type { Replacement } from './replacement';
import { prefixOf, storedRecordsOf } from './stored-records';

/** What a merge did to a collection, in records. */
export interface MergeCounts {
  readonly added: number;
  readonly replaced: number;
  readonly removed: number;
  /** Some of what was written, which a search is to find ({@link searchFor}). */
  readonly sought: readonly WrittenVector[];
  /** By how much it changed what is known of the collection's records. */
  readonly census: Census;
}

export const isChange = ({
  added,
  replaced,
  removed,
}: Pick<MergeCounts, 'added' | 'replaced' | 'removed'>): boolean => added + replaced + removed > 0;

export const addCounts = (a: MergeCounts, b: MergeCounts): MergeCounts => ({
  added: a.added + b.added,
  replaced: a.replaced + b.replaced,
  removed: a.removed + b.removed,
  sought: [...a.sought, ...b.sought],
  census: addCensus(a.census, b.census),
});

export const NO_CHANGE: MergeCounts = { added: 0, replaced: 0, removed: 0, sought: [], census: NO_CENSUS };

/** Stores, for good, what others had put on records that a delta replaces or removes. */
export type KeepReplaced = (by: DeltaHeader, records: readonly ReplacedRecord[]) => Promise<unknown>;

/**
 * Makes a collection hold exactly the given receipts' records: adds, replaces, removes, and leaves alone what is
 * the same. Foreign metadata stays where the text is the same; before anything is written, all that does not stay
 * is kept elsewhere. Then proves it: the count where nobody else writes, every record's content hash, the metadata of
 * what was replaced, and the vectors, read back. Whether a search finds them is not asked here: an index that is
 * approximate may be mended when all is published.
 *
 * @param deltas - whole receipts, at most one delta each.
 * @param keep - called for a delta that takes foreign metadata away; nothing is written until it resolves.
 * @throws {BeyondLimits} when a record would be more than its Chroma takes; then nothing is written.
 * @throws {MergeNotProven} when the collection does not hold what was written: it must be thrown away.
 */
export async function mergeReceipts(
  chroma: ChromaCollection,
  deltas: readonly Delta[],
  keep: KeepReplaced,
): Promise<MergeCounts> {
  const [before, stored] = await Promise.all([
    ownCount(chroma),
    storedRecordsOf(
      chroma,
      deltas.map(({ header }) => header),
      deltas.flatMap(({ records }) => records.map(({ id }) => id)),
    ),
  ]);
  const changes = deltas.map((delta) => changesOf(delta, stored.get(prefixOf(delta.header))));
  for (const change of changes) refuseExcess(chroma, change);
  const losing = changes.filter(({ lost }) => lost.length > 0);
  await concurrently(losing, ({ header, lost }) => keep(header, lost));

  const added = changes.flatMap((change) => change.added);
  const replaced = changes.flatMap((change) => change.replaced);
  const removed = changes.flatMap((change) => change.removed);
  // In this order for the sake of a server, which is merged into in place: what it may refuse takes as little away as may be.
  await chroma.add(added);
  await chroma.update(replaced.map(({ update }) => update));
  await chroma.delete(removed);
  const census = changes.map((change) => change.census).reduce((a, b) => addCensus(a, b), NO_CENSUS);
  const written = [...added, ...replaced.map(({ update }) => update)];
  const counts = { added: added.length, replaced: replaced.length, removed: removed.length, census };
  if (isChange(counts)) await prove(chroma, before, { added, replaced, removed }, written);
  return { ...counts, sought: soughtAmong(written).map(({ id, embedding }) => ({ id, embedding })) };
}

/** What others have put on a record stays with what it is to have, so that both together may be too much. */
function refuseExcess({ recordLimits }: ChromaCollection, { after }: ReceiptChanges): void {
  for (const record of after) {
    const excess = excessOf(recordLimits, record);
    if (excess === undefined) continue;
    throw new BeyondLimits(
      `The merge would leave ${excess}: what others have put on it stays. Take some of that away by an annotation ` +
        '(null) and drop the OCR result again, or set chroma.mode to "server".',
    );
  }
}

/** How many records there are; undefined where others add and remove some at any time, which proves nothing. */
const ownCount = async (chroma: ChromaCollection): Promise<number | undefined> =>
  chroma.isShared ? undefined : chroma.count();

async function prove(
  chroma: ChromaCollection,
  before: number | undefined,
  { added, replaced, removed }: Changes,
  written: readonly Pick<HashedRecord, 'id' | 'contentHash' | 'embedding'>[],
): Promise<void> {
  const expected = before === undefined ? undefined : before + added.length - removed.length;
  const [count, stored] = await Promise.all([
    ownCount(chroma),
    chroma.metadata([...written.map(({ id }) => id), ...removed]),
    readBack(chroma, written),
  ]);
  if (count !== expected) {
    throw new MergeNotProven(
      `The collection ${chroma.name} holds ${count} records after a merge, not ${expected}.`,
    );
  }
  const wrong =
    written.find(({ id, contentHash }) => stored.get(id)?.[CONTENT_HASH_KEY] !== contentHash) ??
    replaced.find((each) => !hasItsKeys(each, stored.get(each.update.id)))?.update;
  if (wrong !== undefined || stored.size !== written.length) {
    throw new MergeNotProven(
      `The collection ${chroma.name} does not hold what was merged, at ${wrong?.id ?? removed[0]}.`,
    );
  }
}

/**
 * Whether what was to stay has stayed and what was to go is gone. Keys alone count: on a server, another program may
 * write a label meanwhile.
 */
const hasItsKeys = ({ update, after }: Replacement, metadata: RecordMetadata = {}): boolean =>
  Object.keys(after).every((key) => Object.hasOwn(metadata, key)) &&
  Object.entries(update.metadata).every(([key, value]) => value !== null || !Object.hasOwn(metadata, key));
