import {
  CONTENT_HASH_KEY,
  type Delta,
  type DeltaHeader,
  type DeltaRecord,
  type HashedRecord,
} from '../../../contracts/delta';
import { recordName } from '../../../contracts/record-id';
import type { ReplacedRecord } from '../../../contracts/replaced-record';
import type { StoredMetadata, StoredRecord } from '../chroma/collection';
import { addCensus, type Census, censusOf } from './census';
import { joined, type Replacement, replacedRecord, replacement, untouched } from './replacement';
import { spread } from './spread';

/** What is to be written for a collection to hold what deltas say. */
export interface Changes {
  readonly added: readonly HashedRecord[];
  readonly replaced: readonly Replacement[];
  /** Ids. */
  readonly removed: readonly string[];
}

export interface ReceiptChanges extends Changes {
  readonly header: DeltaHeader;
  /** What is added and replaced, as it is stored then. */
  readonly after: readonly StoredRecord[];
  /** The foreign metadata that goes with it. */
  readonly lost: readonly ReplacedRecord[];
  readonly census: Census;
}

/**
 * What makes the stored records of a receipt those of its delta. A record is known by its name: one whose id has the
 * image in capitals, as old writers were given it, makes room for the one that has it in small letters.
 */
export function changesOf(
  { header, records }: Delta,
  stored: ReadonlyMap<string, StoredRecord> = new Map(),
): ReceiptChanges {
  const added: HashedRecord[] = [];
  const replaced: Replacement[] = [];
  const before: StoredMetadata[] = [];
  const lost: (ReplacedRecord | undefined)[] = [];
  const gone = new Map(stored);
  const spelledOtherwise = otherSpellings(stored.values());
  for (const record of records) {
    const present = stored.get(record.id);
    const others = spelledOtherwise.get(record.id) ?? [];
    const change = changeOf(record, present, others);
    for (const each of present === undefined ? others : [present, ...others]) gone.delete(each.id);
    before.push(...others);
    lost.push(...change.lost);
    if (change.added !== undefined) added.push(change.added);
    if (change.replaced === undefined || present === undefined) continue;
    replaced.push(change.replaced);
    before.push(present);
  }
  before.push(...gone.values());
  lost.push(...[...gone.values()].map((record) => replacedRecord(record, {}, 'record-gone')));
  const after = [
    ...added.map(({ id, document, metadata, contentHash }) => ({
      id,
      document,
      metadata: { ...metadata, [CONTENT_HASH_KEY]: contentHash },
    })),
    ...replaced.map(({ update: { id, document }, after: metadata }) => ({ id, document, metadata })),
  ];
  const census = addCensus(censusOf(header.collection, after), censusOf(header.collection, before), -1);
  const named = new Set(records.map(({ id }) => id));
  const removed = [...stored.keys()].filter((id) => !named.has(id));
  return { header, added, replaced, removed, after, lost: lost.flatMap((each) => each ?? []), census };
}

function otherSpellings(stored: Iterable<StoredRecord>): Map<string, StoredRecord[]> {
  const others = new Map<string, StoredRecord[]>();
  for (const record of stored) {
    const name = recordName(record.id);
    if (name !== record.id) others.set(name, [...(others.get(name) ?? []), record]);
  }
  return others;
}

/**
 * @param present - what is stored under the record's own id.
 * @param others - what is stored under other spellings of it; they go.
 */
function changeOf(record: DeltaRecord, present: StoredRecord | undefined, others: readonly StoredRecord[]) {
  const [first, ...rest] = present === undefined ? others : [present, ...others];
  const isWritten = present?.metadata[CONTENT_HASH_KEY] === record.contentHash;
  if (isWritten && rest.length === 0) return { lost: [] };

  const moved = spread(record);
  if (first === undefined) return { added: moved, lost: [] };
  const own = isWritten ? untouched(first, moved) : replacement(first, moved);
  const { lost, ...whole } = joined(own, rest);
  if (isWritten && !whole.hasTaken) return { lost };
  if (present !== undefined) return { replaced: whole.replacement, lost };
  const { [CONTENT_HASH_KEY]: _, ...metadata } = whole.replacement.after;
  return { added: { ...moved, metadata }, lost };
}
